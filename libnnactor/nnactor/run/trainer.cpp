#include "nnactor/run/trainer.hpp"

#include "nnactor/defaults.hpp"

#include <bit>
#include <numeric>

namespace nnactor {

namespace {

// What has happened to the cluster, for shells that look later.
constexpr size_t remembered_notices = 16;

} // namespace

void trainer_state::begin(const deployed_ptr& job) {
  run = settings.resumed_run > 0 ? settings.resumed_run : job->job->epoch;
  settled = issued_step = job->job->step;
  last_step = settings.run.steps;
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
  auto& train = settings.run.train;
  open.expect({.losses = train.micro_batches * port.time_steps(),
               .micro_batches = train.micro_batches,
               .closing = port.closing().size(),
               .norms = train.optimizer.clip == 0
                            ? 0
                            : network->job->graph.groups.size() - 3});
  node_traffic.assign(network->cluster.members.size(), 0);
  step_times.clear();
  last_progress = self->clock().now();
}

// -- between two steps --------------------------------------------------------

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
  start_validation();
}

void trainer_state::leave_boundary() {
  settled = boundary;
  if (stopping)
    return end_if_done();
  if (auto next = requests.take(boundary, boundary == last_step))
    return serve(std::move(*next));
  if (boundary == last_step)
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
  return std::min({last_step, next(settings.run.evaluate_every),
                   next(save_period()), requests.next_due(step)});
}

bool trainer_state::is_due(uint64_t period) const {
  return boundary % period == 0 || boundary == last_step;
}

// -- telling ------------------------------------------------------------------

void trainer_state::on_failure(const caf::error& why) {
  if (now == stage::idle)
    return;
  now = stage::idle;
  way_back.break_off(self->clock().now()); // Answers come too late from now on.
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
