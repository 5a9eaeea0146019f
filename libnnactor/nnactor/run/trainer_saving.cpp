#include "nnactor/run/trainer.hpp"

#include <algorithm>

namespace nnactor {

// Groups copy their parameters when they are at this step; the writing goes on
// while training does. One generation at a time.
void trainer_state::start_saving() {
  if (!is_due(save_period()))
    return leave_boundary();
  // Without a validation the next loss must show that these parameters are
  // sound.
  now = stage::saving;
  if (!generation)
    save_now(is_due(settings.run.evaluate_every));
}

// What a shell asked for may need the parameters of this very step on the
// store. No loss will follow to verify them, so that they are finite, which the
// nodes check, must do.
void trainer_state::commit_here(commit_waiter who) {
  if (newest && newest->step == boundary)
    return who.then();
  after_commit = std::move(who);
  if (!generation)
    return save_now(true);
  generation->verified = true;
  commit_if_complete();
}

void trainer_state::save_now(bool verified) {
  auto& job = *network->job;
  last_progress = self->clock().now();
  // Whoever has taken the folder away is told now, not at the end.
  self->request(settings.persistence, settings.patience, look_atom::value)
      .then([](uint64_t) {},
            [this](const caf::error& why) {
              if (code_of(why) == ec::store_missing)
                on_failure(why);
            });
  generation.emplace();
  generation->verified = verified;
  generation->step = boundary;
  auto& next = generation->next;
  next.generation = ++generations;
  next.epoch = job.epoch;
  next.run = run;
  next.step = boundary;
  if (is_due(settings.run.evaluate_every) && boundary > 0)
    next.validation_loss = validation.loss_sum;
  next.net = job.net;
  next.parts = job.parts;
  next.train = job.train;
  if (auto* characters = settings.data->characters())
    next.vocabulary = characters->code_points;
  next.experiment = settings.experiment;
  auto& members = network->cluster.members;
  save_answers = members.size();
  for (auto& m : members)
    self->request(m.node, settings.patience, save_atom::value, job.epoch,
                  next.generation, boundary)
        .then(
            [this, asked = way_back.disturbances()](uint64_t) {
              if (asked == way_back.disturbances() && --save_answers == 0
                  && now == stage::saving)
                leave_boundary();
            },
            [this, asked = way_back.disturbances(),
             address = m.address](const caf::error& why) {
              if (asked == way_back.disturbances())
                on_node_error(address, why);
            });
}

void trainer_state::on_written(uint64_t number, node_index node,
                               const std::vector<char>& bytes) {
  if (!generation || generation->next.generation != number
      || generation->written.contains(node))
    return;
  auto slices = decode_slices(std::as_bytes(std::span{bytes}));
  if (!slices)
    return on_failure(slices.error());
  auto& all = generation->next.slices;
  all.insert(all.end(), slices->begin(), slices->end());
  generation->written.insert(node);
  last_progress = self->clock().now();
  commit_if_complete();
}

// Others may still be writing theirs, and the next attempt has the same number.
void trainer_state::on_unsaved(uint64_t number, node_index node,
                               const caf::error& why) {
  if (!generation || generation->next.generation != number
      || !generation->written.insert(node).second)
    return;
  auto& members = network->cluster.members;
  generation->failure = node < members.size()
                            ? within(name_of_node(members[node].address), why)
                            : why;
  commit_if_complete();
}

void trainer_state::commit_if_complete() {
  if (generation->written.size() < network->cluster.members.size()
      || generation->committing)
    return;
  if (generation->failure)
    return give_up_generation(generation->failure);
  if (!generation->verified)
    return;
  generation->committing = true;
  auto& slices = generation->next.slices;
  std::sort(slices.begin(), slices.end(), [](const slice& x, const slice& y) {
    return std::tuple{x.neurons.id_at(0), x.parameter}
           < std::tuple{y.neurons.id_at(0), y.parameter};
  });
  auto what = std::make_shared<const manifest>(std::move(generation->next));
  self->request(settings.persistence, settings.patience, commit_atom::value,
                manifest_ptr{what}, settings.store.keep)
      .then([this](const manifest_ptr& committed) { on_committed(committed); },
            [this](const caf::error& why) {
              if (code_of(why) == ec::store_unwritable)
                give_up_generation(why);
              else
                on_failure(why);
            });
}

void trainer_state::on_committed(const manifest_ptr& committed) {
  generation = std::nullopt;
  if (newest)
    older.push_back(*newest);
  if (older.size() >= settings.store.keep)
    older.erase(older.begin());
  newest = {committed->step, committed->generation};
  highest = committed->generation;
  unsaved = caf::none;
  last_progress = self->clock().now();
  publish({.what = progress::kind::committed,
           .step = committed->step,
           .loss = committed->validation_loss.value_or(0),
           .generation = committed});
  if (now == stage::recovering)
    return recover();
  // Nodes that still owe an answer have been asked for this generation.
  if (now == stage::saving && save_answers == 0)
    start_saving();
  else if (now == stage::finishing)
    end_if_done();
  else if (after_commit)
    commit_here(*std::exchange(after_commit, std::nullopt));
}

// What is there stays: training goes on, and the next generation may find room.
void trainer_state::give_up_generation(caf::error why) {
  if (now == stage::idle)
    return;
  auto step = generation->step;
  generation.reset();
  generations = highest;
  auto tried = now == stage::finishing && unsaved;
  unsaved = why;
  if (now == stage::recovering)
    return recover();
  if (!tried)
    notice(fmt::format("step {} is not saved: {}; {}, saved is step {}",
                       format_count(step), explain(why),
                       boundary == settings.run.steps || stopping
                           ? "trying again"
                           : "going on",
                       format_count(last_good().step)));
  if (auto who = std::exchange(after_commit, std::nullopt))
    return who->otherwise(why);
  if (now == stage::saving && save_answers == 0)
    start_saving();
}

} // namespace nnactor
