#include "nnactor/group/neuron_group.hpp"

#include "nnactor/defaults.hpp"

#include <algorithm>
#include <bit>

namespace nnactor {

namespace {

sent_output output_of(chain& program, device& dev, const work_id& work,
                      const std::vector<tensor>& inputs,
                      const round_rows* round, bool stays) {
  auto y = program.forward(dev, work.what(), work.why, inputs, round);
  auto out = program.sent(dev, y);
  if (stays)
    return out;
  if (!out.whole.empty())
    out.whole = dev.fetch(out.whole);
  for (auto& x : out.cuts)
    if (!x.empty())
      x = dev.fetch(x);
  return out;
}

} // namespace

void neuron_group_state::init(pointer parent, group_settings how,
                              std::vector<program_ptr> programs) {
  self = parent;
  settings = std::move(how);
  program = std::make_shared<chain>(std::move(programs));
  version = settings.version;
  program->begin(version);
  last_activity = self->clock().now();
  inputs =
      inbox{settings.head().upstream, direction::forward, settings.time_steps};
  gradients = inbox{settings.tail().downstream, direction::backward,
                    settings.time_steps};
  for (auto& x : settings.members)
    if (closes_micro_batch(x))
      closing.push_back(x.id);
}

size_t neuron_group_state::member(group_id which) const {
  auto found = std::ranges::find(settings.members, which, &group::id);
  return static_cast<size_t>(found - settings.members.begin());
}

// -- what arrives -------------------------------------------------------------

void neuron_group_state::on_routes(const routing_ptr& what) {
  routes = what;
  readers = what->readers(settings.tail().id);
}

void neuron_group_state::on_tensor(const tensor_message& what) {
  auto& work = what.key.work;
  if (!settings.knows(work) || work.step < version)
    return;
  if (what.key.way == direction::forward)
    on_input(what);
  else
    on_gradient(what);
}

void neuron_group_state::on_input(const tensor_message& what) {
  auto work = inputs.due(what.key.work, what.key.producer);
  if (!work)
    return;
  auto outcome = inputs.put(*work, what.key.producer, what.value);
  if (outcome == inbox::outcome::complete && work->step == version)
    start_forward(*work);
}

void neuron_group_state::on_gradient(const tensor_message& what) {
  auto work = gradients.due(what.key.work, what.key.producer);
  if (!work)
    return;
  auto outcome = gradients.put(*work, what.key.producer, what.value);
  if (outcome == inbox::outcome::complete)
    start_backward(*work);
}

// Rows and round come from different senders, in any order.
void neuron_group_state::on_round(uint32_t number, const round_ptr& what) {
  if (rounds.size() == defaults::known_rounds)
    rounds.erase(rounds.begin());
  rounds.insert_or_assign(number, what);
  for (auto& work : inputs.complete_of(version))
    if (work.why == phase::generate && work.micro_batch == number)
      start_forward(work);
}

void neuron_group_state::on_update(uint64_t step, float scale) {
  if (step == version && norm_sent && !settings.borrows())
    start_update(scale);
}

void neuron_group_state::on_ready(uint64_t step) {
  if (step != version)
    return;
  if (settings.borrows())
    return start_update(1.0f);
  twin_added_up = true;
  if (added_up)
    finish_step();
}

void neuron_group_state::on_save(uint64_t generation, uint64_t step) {
  if (step == version)
    start_save(generation);
  else if (step > version)
    saves.emplace(step, generation);
}

void neuron_group_state::on_block(block& done) {
  --blocks;
  last_activity = self->clock().now();
  if (done.failure)
    report(std::move(done.failure));
  else
    done.then();
}

// -- forward and backward -----------------------------------------------------

void neuron_group_state::start_forward(const work_id& work) {
  round_ptr round;
  if (work.why == phase::generate && program->needs_round()) {
    auto found = rounds.find(work.micro_batch);
    if (found == rounds.end())
      return;
    round = std::move(found->second);
    rounds.erase(found);
  }
  auto values = inputs.take(work);
  if (!values)
    return;
  if (auto err =
          program->check_inputs(*values, work.what(), work.why, round.get()))
    return report(std::move(err));
  if (is_question(work.why))
    return start_answer(work, *values, round.get());
  auto out = std::make_shared<sent_output>();
  execute(
      "forward", {urgency::forward, work.micro_batch},
      [p = program, work, out, xs = std::move(*values),
       stays = settings.outputs_stay](device& dev) {
        *out = output_of(*p, dev, work, xs, nullptr, stays);
      },
      [this, work, out] { send_output(work, *out); });
}

// Where nothing is trained, nothing is more urgent than what came first, so
// there is no need to queue at the device.
void neuron_group_state::start_answer(const work_id& work,
                                      const std::vector<tensor>& values,
                                      const round_rows* round) {
  sent_output out;
  trace::span here{trace::activity::computing, "answer", settings.head().id};
  auto failure = run_on(*settings.kernels, [&](device& dev) {
    out = output_of(*program, dev, work, values, round, settings.outputs_stay);
  });
  last_activity = self->clock().now();
  if (failure)
    return report(std::move(failure));
  send_output(work, out);
}

void neuron_group_state::send_output(const work_id& work,
                                     const sent_output& what) {
  auto& me = settings.tail();
  if (work.why == phase::train)
    awaiting_gradients.insert(work.what());
  auto key = tensor_key{work, me.layer, direction::forward, me.id, 0};
  for (auto& reader : readers)
    self->send(reader, tensor_message{key, what.whole});
  for (size_t i = 0; i < what.cuts.size(); ++i) {
    if (what.cuts[i].empty())
      continue;
    key.consumer = me.downstream[i].group;
    if (auto sink = routes->towards(key.consumer))
      self->send(sink, tensor_message{key, what.cuts[i]});
  }
  // What nobody needs any more has no gradient to wait for.
  if (work.why == phase::train && gradients.expected(work) == 0)
    run_backward(work, std::vector<tensor>(me.downstream.size()));
}

void neuron_group_state::start_backward(const work_id& work) {
  if (auto values = gradients.take(work))
    run_backward(work, std::move(*values));
}

void neuron_group_state::run_backward(const work_id& work,
                                      std::vector<tensor> values) {
  struct outcome {
    caf::error refusal;
    std::vector<tensor> gradients;
  };
  auto out = std::make_shared<outcome>();
  execute(
      "backward", {urgency::backward, work.micro_batch},
      [p = program, work, out, gs = std::move(values),
       stay = settings.gradients_stay](device& dev) {
        // What waits for gradients changes on the device, so it is asked there.
        out->refusal = p->check_gradients(work.what(), gs);
        if (out->refusal)
          return;
        out->gradients = p->backward(dev, work.what(), gs);
        if (!stay)
          fetch_all(dev, out->gradients);
      },
      [this, work, out] {
        if (out->refusal)
          return report(std::move(out->refusal));
        send_gradients(work, out->gradients);
      });
}

void neuron_group_state::send_gradients(const work_id& work,
                                        const std::vector<tensor>& values) {
  auto& me = settings.head();
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].empty())
      continue;
    auto to = me.upstream[i].group;
    auto key = tensor_key{work, me.layer, direction::backward, me.id, to};
    if (auto sink = routes->towards(to))
      self->send(sink, tensor_message{key, values[i]});
  }
  if (!closing.empty())
    give_credit(work);
  awaiting_gradients.erase(work.what());
  unaccumulated.insert(work.what());
  start_accumulates();
}

// Without delays the time steps of a micro-batch come back in any order.
void neuron_group_state::give_credit(const work_id& work) {
  if (++returned[work.micro_batch] < settings.time_steps)
    return;
  returned.erase(work.micro_batch);
  for (auto id : closing)
    self->send(settings.driver, credit_atom::value, work.epoch, work.step,
               work.micro_batch, id);
}

// -- gradients of the parameters ----------------------------------------------

// Micro-batches may come back in any order, but sums must not depend on it.
// What waits for a sum keeps its memory, so only as many wait for a device that
// is never idle as are in flight; where forward passes keep next to nothing,
// none does.
void neuron_group_state::start_accumulates() {
  auto most = settings.train.recompute
                  ? 0
                  : settings.train.window * settings.time_steps;
  while (unaccumulated.erase(accumulated) > 0) {
    accumulated = next(accumulated, settings.time_steps);
    auto last = accumulated.micro_batch == settings.train.micro_batches;
    execute(
        "accumulate",
        {accumulates++ < most ? urgency::idle : urgency::backward},
        [p = program, step = version, before = accumulated](device& dev) {
          p->accumulate_before(dev, step, before);
        },
        [this, last] {
          --accumulates;
          if (last)
            finish_step();
        });
  }
}

void neuron_group_state::finish_step() {
  added_up = true;
  if (settings.borrows())
    tell_twin();
  else if (settings.tail().twin && !twin_added_up)
    return;
  if (settings.train.optimizer.clip > 0)
    start_norms();
  else if (!settings.borrows())
    start_update(1.0f);
}

void neuron_group_state::tell_twin() {
  auto twin = routes->towards(*settings.tail().twin);
  self->send(caf::actor_cast<group_actor>(twin), ready_atom::value, version);
}

void neuron_group_state::start_norms() {
  auto norms = std::make_shared<std::vector<double>>();
  execute(
      "norm", {urgency::idle},
      [p = program, norms](device& dev) {
        *norms = p->squared_gradient_norms(dev);
      },
      [this, norms] {
        for (size_t i = 0; i < norms->size(); ++i)
          self->send(settings.driver, norm_atom::value, settings.epoch, version,
                     settings.members[i].id,
                     std::bit_cast<uint64_t>((*norms)[i]));
        norm_sent = true;
      });
}

// The next step waits for it. Sums of this one that are still in the queue have
// nothing left to add.
void neuron_group_state::start_update(float scale) {
  norm_sent = false;
  added_up = false;
  twin_added_up = false;
  accumulated = {};
  execute(
      "update", {urgency::forward},
      [p = program, step = version, scale](device& dev) {
        p->update(dev, step, scale);
      },
      [this] {
        if (settings.tail().twin && !settings.borrows())
          tell_twin();
        enter_version(version + 1);
      });
}

void neuron_group_state::enter_version(uint64_t next) {
  version = next;
  inputs.forget_before(version);
  gradients.forget_before(version);
  if (auto i = saves.find(version); i != saves.end()) {
    start_save(i->second);
    saves.erase(i);
  }
  for (auto& work : inputs.complete_of(version))
    start_forward(work);
}

void neuron_group_state::start_save(uint64_t generation) {
  if (settings.borrows())
    return;
  for (size_t i = 0; i < settings.members.size(); ++i) {
    auto copy = std::make_shared<parameter_set>();
    execute(
        // Of the urgency of an update, so that none overtakes it.
        "save", {urgency::forward},
        [p = program, i, copy](device&) { *copy = p->save(i); },
        [this, generation, copy] {
          self->send(settings.persistence, save_atom::value, settings.epoch,
                     generation, parameters_ptr{copy});
        });
  }
}

// -- helpers ------------------------------------------------------------------

void neuron_group_state::report(caf::error what) {
  auto place =
      fmt::format("group {} on node {}", settings.head().id, settings.self + 1);
  self->send(settings.driver, failed_atom::value, settings.epoch,
             within(place, what));
}

void neuron_group_state::execute(const char* what, turn when,
                                 std::function<void(device&)> run,
                                 std::function<void()> then) {
  ++blocks;
  send_block(self, settings.device,
             {.when = when.urgent,
              .micro_batch = when.micro_batch,
              .what = what,
              .of = settings.head().id,
              .run = std::move(run),
              .then = std::move(then)});
}

group_actor::behavior_type neuron_group(neuron_group_state::pointer self,
                                        group_settings how,
                                        std::vector<program_ptr> programs) {
  auto& state = self->state;
  state.init(self, std::move(how), std::move(programs));
  return {
      [&state](const tensor_message& what) { state.on_tensor(what); },
      [&state](const routing_ptr& routes) { state.on_routes(routes); },
      [&state](const block_ptr& done) { state.on_block(*done); },
      [&state](round_atom, uint32_t number, const round_ptr& what) {
        state.on_round(number, what);
      },
      [&state](update_atom, uint64_t step, uint32_t scale) {
        state.on_update(step, std::bit_cast<float>(scale));
      },
      [&state](ready_atom, uint64_t step) { state.on_ready(step); },
      [&state](save_atom, uint64_t generation, uint64_t step) {
        state.on_save(generation, step);
      },
      [&state](status_atom, group_id which) { return state.status(which); },
      [&state](peek_atom, group_id which) { return state.on_peek(which); },
  };
}

} // namespace nnactor
