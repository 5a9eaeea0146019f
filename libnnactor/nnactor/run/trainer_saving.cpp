#include "nnactor/run/trainer.hpp"

#include <utility>

namespace nnactor {

// Groups copy their parameters when they are at this step; the writing goes on
// while training does. One generation at a time.
void trainer_state::start_saving() {
  if (!is_due(save_period()))
    return leave_boundary();
  // Without a validation the next loss must show that these parameters are
  // sound.
  now = stage::saving;
  if (!writer.is_under_way())
    save_now(is_due(settings.run.evaluate_every));
}

// What a shell asked for may need the parameters of this very step on the
// store. No loss will follow to verify them, so that they are finite, which the
// nodes check, must do.
void trainer_state::commit_here(commit_waiter who) {
  if (writer.has(boundary))
    return who.then();
  after_commit = std::move(who);
  if (!writer.is_under_way())
    return save_now(true);
  proceed(writer.verify());
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
  auto& members = network->cluster.members;
  auto attempt = writer.begin(next_manifest(), members.size(), verified);
  for (auto& m : members)
    self->request(m.node, settings.patience, save_atom::value, job.epoch,
                  writer.number(), boundary)
        .then(
            [this, attempt, asked = way_back.disturbances()](uint64_t) {
              if (asked == way_back.disturbances() && writer.hold(attempt)
                  && now == stage::saving)
                leave_boundary();
            },
            [this, asked = way_back.disturbances(),
             address = m.address](const caf::error& why) {
              if (asked == way_back.disturbances())
                on_node_error(address, why);
            });
}

manifest trainer_state::next_manifest() const {
  auto& job = *network->job;
  manifest next;
  next.epoch = job.epoch;
  next.run = run;
  next.step = boundary;
  if (is_due(settings.run.evaluate_every) && boundary > 0)
    next.validation_loss = validation.loss_sum;
  next.net = job.net;
  next.parts = job.parts;
  next.train = job.train;
  if (auto* characters = settings.data->characters()) {
    next.vocabulary = characters->code_points;
    next.merges = numbers_of(characters->merges);
  }
  next.experiment = settings.experiment;
  return next;
}

void trainer_state::on_written(uint64_t number, node_index node,
                               const std::vector<char>& bytes) {
  if (!writer.expects(number, node))
    return;
  auto slices = decode_slices(std::as_bytes(std::span{bytes}));
  if (!slices)
    return on_failure(slices.error());
  last_progress = self->clock().now();
  proceed(writer.add(node, *slices));
}

void trainer_state::on_unsaved(uint64_t number, node_index node,
                               const caf::error& why) {
  if (writer.expects(number, node))
    proceed(
        writer.fail(node, within(name_of(network->job->servers[node]), why)));
}

void trainer_state::proceed(generation_writer::advice next) {
  if (next == generation_writer::advice::commit)
    commit();
  else if (next == generation_writer::advice::give_up)
    give_up_generation(writer.fault());
}

void trainer_state::commit() {
  self->request(settings.persistence, settings.patience, commit_atom::value,
                writer.commit(), settings.store.keep)
      .then([this](const manifest_ptr& committed) { on_committed(committed); },
            [this](const caf::error& why) {
              if (code_of(why) == ec::store_unwritable)
                give_up_generation(why);
              else
                on_failure(why);
            });
}

void trainer_state::on_committed(const manifest_ptr& committed) {
  writer.committed({committed->step, committed->generation});
  last_progress = self->clock().now();
  publish({.what = progress::kind::committed,
           .step = committed->step,
           .loss = committed->validation_loss.value_or(0),
           .generation = committed});
  if (now == stage::recovering)
    return recover();
  // Nodes that still owe an answer have been asked for this generation.
  if (now == stage::saving && writer.is_held())
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
  auto step = writer.step();
  auto tried = now == stage::finishing && writer.failure();
  writer.give_up(why);
  if (now == stage::recovering)
    return recover();
  if (!tried)
    notice(fmt::format("step {} is not saved: {}; {}, saved is step {}",
                       format_count(step), explain(why),
                       boundary == last_step || stopping ? "trying again"
                                                         : "going on",
                       format_count(writer.last_good().step)));
  if (auto who = std::exchange(after_commit, std::nullopt))
    return who->otherwise(why);
  if (now == stage::saving && writer.is_held())
    start_saving();
}

} // namespace nnactor
