#include "nnactor/run/trainer.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/engine/clip.hpp"
#include "nnactor/group/loss_group.hpp"

#include <bit>
#include <cmath>
#include <numeric>

namespace nnactor {

namespace {

// Steps over which the rate is taken.
constexpr size_t remembered_steps = 20;

// What has happened to the cluster, for shells that look later.
constexpr size_t remembered_notices = 16;

// Signs of what is not a number mean nothing.
const char* not_finite(double x) {
  return std::isnan(x) ? "nan" : "infinite";
}

} // namespace

void trainer_state::begin(const deployed_ptr& job) {
  run = settings.resumed_run > 0 ? settings.resumed_run : job->job->epoch;
  settled = issued_step = job->job->step;
  writer = {{job->job->step, job->job->generation},
            settings.generation,
            settings.store.keep};
  order.emplace(settings.data->size(split::train), settings.run.train.batch,
                settings.run.train.seed);
  connect(job);
  pausing = settings.paused;
  boundary = pausing ? issued_step : next_boundary(issued_step);
  now = stage::training;
  self->delayed_send(self, defaults::watch_interval, watch_atom::value);
  pump();
}

// For the first deployment and every one after it.
void trainer_state::connect(const deployed_ptr& job) {
  for (size_t i = 0; i < node_traffic.size(); ++i)
    past_traffic[network->cluster.members[i].address] += node_traffic[i];
  monitor_nodes(*self, network, job,
                [this](const std::string& address) { on_lost(address); });
  network = job;
  nodes.serve(network->job->servers, self->clock().now());
  port.open(self->system(), *network, settings.gate,
            caf::actor_cast<sink_actor>(self));
  node_traffic.assign(network->cluster.members.size(), 0);
  step_times.clear();
  last_progress = self->clock().now();
}

// -- sending ------------------------------------------------------------------

void trainer_state::pump() {
  if (now == stage::training)
    pump_training();
  else if (now == stage::validating)
    pump_validation();
}

void trainer_state::pump_training() {
  auto& train = settings.run.train;
  while (in_flight < train.window && issued_step < boundary) {
    open[issued_step];
    issue(phase::train, issued_step, issued_batch,
          training_examples(issued_step, issued_batch));
    if (++issued_batch == train.micro_batches) {
      issued_batch = 0;
      ++issued_step;
    }
  }
  if (issued_step == boundary && open.empty() && in_flight == 0)
    enter_boundary();
}

// Between two steps: nothing is in flight, all groups will reach this version.
void trainer_state::enter_boundary() {
  now = stage::counting;
  ask_traffic([this] {
    publish({.what = progress::kind::traffic, .step = boundary});
    start_boundary();
  });
}

void trainer_state::start_boundary() {
  // A shell may have asked for a boundary where there was one already.
  if (boundary == settled)
    return leave_boundary();
  if (!is_due(settings.run.evaluate_every))
    return start_saving();
  now = stage::validating;
  validated = 0;
  validation_losses.clear();
  pump_validation();
}

void trainer_state::leave_boundary() {
  settled = boundary;
  if (stopping)
    return end_if_done();
  if (auto next = requests.take(boundary, boundary == settings.run.steps))
    return serve(std::move(*next));
  if (boundary == settings.run.steps)
    return end_if_done();
  if (pausing) {
    now = stage::paused;
    return;
  }
  boundary = next_boundary(boundary);
  now = stage::training;
  pump();
}

uint64_t trainer_state::save_period() const {
  return settings.store.every == 0 ? settings.run.evaluate_every
                                   : settings.store.every;
}

uint64_t trainer_state::next_boundary(uint64_t step) const {
  auto next = [step](uint64_t period) { return (step / period + 1) * period; };
  return std::min({settings.run.steps, next(settings.run.evaluate_every),
                   next(save_period()), requests.next_due(step)});
}

bool trainer_state::is_due(uint64_t period) const {
  return boundary % period == 0 || boundary == settings.run.steps;
}

void trainer_state::pump_validation() {
  auto size = settings.data->size(split::validation);
  while (in_flight < settings.run.train.window
         && validated < validation_batches()) {
    auto most = defaults::validation_rows(port.time_steps());
    auto first = validated * most;
    auto rows = std::min(most, size - first);
    std::vector<uint64_t> indices(rows);
    std::iota(indices.begin(), indices.end(), first);
    issue(phase::evaluate, boundary, static_cast<uint32_t>(validated),
          settings.data->gather(split::validation, indices));
    ++validated;
  }
}

void trainer_state::issue(phase why, uint64_t step, uint32_t micro_batch,
                          const examples& what) {
  auto work = work_id{network->job->epoch, step, why, micro_batch};
  port.send_inputs(work, what.inputs);
  port.send_targets(work, what.targets);
  ++in_flight;
}

examples trainer_state::training_examples(uint64_t step,
                                          uint32_t micro_batch) const {
  auto all = order->batch(step);
  auto rows = all.size() / settings.run.train.micro_batches;
  auto first = all.begin() + static_cast<ptrdiff_t>(micro_batch * rows);
  return settings.data->gather(split::train,
                               {first, first + static_cast<ptrdiff_t>(rows)});
}

uint64_t trainer_state::validation_batches() const {
  auto size = settings.data->size(split::validation);
  auto rows = defaults::validation_rows(port.time_steps());
  return (size + rows - 1) / rows;
}

// -- receiving ----------------------------------------------------------------

void trainer_state::on_result(const tensor_message& what) {
  auto& work = what.key.work;
  auto value = to_loss_value(what.value);
  if (!value)
    return on_failure(value.error());
  last_progress = self->clock().now();
  if (work.why == phase::evaluate) {
    if (now != stage::validating || work.step != boundary
        || !validation_losses.emplace(work.micro_batch, *value).second)
      return;
    // The last time step; the others are there or on their way.
    if ((work.micro_batch + 1) % port.time_steps() == 0)
      --in_flight;
    if (validation_losses.size() == validation_batches() * port.time_steps())
      return finish_validation();
    return pump();
  }
  if (auto i = open.find(work.step); i != open.end()) {
    i->second.losses.emplace(work.micro_batch, *value);
    finish_step_if_complete(work.step);
  }
}

void trainer_state::on_norm(uint64_t step, group_id group, double norm) {
  auto i = open.find(step);
  if (i == open.end() || !i->second.norms.emplace(group, norm).second)
    return;
  auto neuron_groups = network->job->graph.groups.size() - 3;
  if (i->second.norms.size() < neuron_groups)
    return;
  std::vector<double> in_order;
  for (auto& [id, value] : i->second.norms)
    in_order.push_back(value);
  auto scale = clip_scale(settings.run.train.optimizer.clip, in_order);
  for (auto& m : network->cluster.members)
    self->send(m.node, update_atom::value, network->job->epoch, step,
               std::bit_cast<uint32_t>(scale));
  finish_step_if_complete(step);
}

void trainer_state::on_credit(uint64_t step, uint32_t micro_batch,
                              group_id group) {
  auto i = open.find(step);
  if (i == open.end())
    return;
  auto& groups = i->second.credits[micro_batch];
  if (!groups.insert(group).second || groups.size() < port.closing().size())
    return;
  last_progress = self->clock().now();
  --in_flight;
  finish_step_if_complete(step);
  pump();
}

void trainer_state::finish_step_if_complete(uint64_t step) {
  auto i = open.find(step);
  if (i == open.end())
    return;
  auto& results = i->second;
  auto& train = settings.run.train;
  if (results.losses.size() < train.micro_batches * port.time_steps())
    return;
  loss_value sum;
  for (auto& [index, value] : results.losses)
    sum.loss_sum += value.loss_sum;
  auto loss = sum.loss_sum / train.batch / port.time_steps();
  if (!std::isfinite(loss))
    return on_failure(fail(
        ec::diverged,
        "the loss became {} at step {}; {}; lower train.rate or set train.clip",
        not_finite(loss), format_count(step + 1), saved_so_far()));
  proceed(writer.verify_by(step));
  auto credited = [&](auto& kvp) {
    return kvp.second.size() == port.closing().size();
  };
  auto clipped =
      train.optimizer.clip == 0
      || results.norms.size() + 3 == network->job->graph.groups.size();
  auto done =
      results.credits.size() == train.micro_batches
      && std::all_of(results.credits.begin(), results.credits.end(), credited);
  if (!done || !clipped)
    return;
  open.erase(i);
  last_loss = loss;
  step_times.push_back(self->clock().now());
  if (step_times.size() > remembered_steps)
    step_times.pop_front();
  publish({.what = progress::kind::step, .step = step + 1, .loss = loss});
  pump();
}

void trainer_state::finish_validation() {
  loss_value sum;
  for (auto& [index, value] : validation_losses) {
    sum.loss_sum += value.loss_sum;
    sum.correct += value.correct;
  }
  auto examples = static_cast<double>(settings.data->size(split::validation)
                                      * port.time_steps());
  validation = {sum.loss_sum / examples, sum.correct / examples};
  if (!std::isfinite(validation.loss_sum))
    return on_failure(fail(
        ec::diverged,
        "the validation loss became {} at step {}; {}; lower train.rate or set "
        "train.clip",
        not_finite(validation.loss_sum), format_count(boundary),
        saved_so_far()));
  last_validation = validation.loss_sum;
  publish({.what = progress::kind::validation,
           .step = boundary,
           .loss = validation.loss_sum,
           .accuracy = validation.correct});
  start_saving();
}

// -- telling ------------------------------------------------------------------

void trainer_state::on_failure(const caf::error& why) {
  if (now == stage::idle)
    return;
  now = stage::idle;
  port.close();
  refuse_all(why);
  publish({.what = progress::kind::failed, .step = issued_step, .error = why});
}

void trainer_state::publish(progress what) {
  what.bytes =
      std::accumulate(node_traffic.begin(), node_traffic.end(), port.traffic());
  for (auto& [address, bytes] : past_traffic)
    what.bytes += bytes;
  caf::anon_send(
      settings.observer,
      progress_ptr{std::make_shared<const progress>(std::move(what))});
}

void trainer_state::notice(const std::string& text) {
  notices.emplace_back(issued_step, text);
  if (notices.size() > remembered_notices)
    notices.pop_front();
  publish({.what = progress::kind::notice, .step = issued_step, .text = text});
}

trainer_actor::behavior_type run_trainer(trainer_state::pointer self,
                                         trainer_settings how) {
  auto& st = self->state;
  st.self = self;
  st.settings = std::move(how);
  st.nodes = membership{st.settings.own_nodes};
  st.moves = mover{st.effects_of_moves()};
  auto mine = [&st](uint64_t epoch) {
    return st.now != trainer_state::stage::idle
           && st.now != trainer_state::stage::recovering && st.network
           && st.network->job->epoch == epoch;
  };
  return {
      [&st](command_atom, const std::string& line) {
        return st.on_command(line);
      },
      [&st](ready_atom, const deployed_ptr& job) { st.begin(job); },
      [&st, mine](const tensor_message& what) {
        if (mine(what.key.work.epoch))
          st.on_result(what);
      },
      [&st, mine](norm_atom, uint64_t epoch, uint64_t step, group_id group,
                  uint64_t bits) {
        if (mine(epoch))
          st.on_norm(step, group, std::bit_cast<double>(bits));
      },
      [&st, mine](credit_atom, uint64_t epoch, uint64_t step,
                  uint32_t micro_batch, group_id group) {
        if (mine(epoch))
          st.on_credit(step, micro_batch, group);
      },
      [&st, mine](written_atom, uint64_t epoch, uint64_t generation,
                  node_index node, const std::vector<char>& slices) {
        if (mine(epoch))
          st.on_written(generation, node, slices);
      },
      [&st, mine](failed_atom, uint64_t epoch, const caf::error& why) {
        if (mine(epoch))
          st.on_failure(why);
      },
      [&st, mine](unsaved_atom, uint64_t epoch, uint64_t generation,
                  node_index node, const caf::error& why) {
        if (mine(epoch))
          st.on_unsaved(generation, node, why);
      },
      [&st](loading_atom, uint64_t epoch, node_index node, uint64_t bytes,
            uint64_t of) {
        if (auto event = st.loading.add(epoch, node, bytes, of))
          caf::anon_send(st.settings.observer, event);
      },
      [&st, mine](lost_atom, uint64_t epoch, node_index node) {
        if (mine(epoch))
          st.on_peer_lost(node);
      },
      [&st](watch_atom) { st.watch(); },
      [&st](stop_atom) { st.stop(); },
  };
}

} // namespace nnactor
