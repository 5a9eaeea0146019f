#include "nnactor/group/loss_group.hpp"

namespace nnactor {

void loss_group_state::init(pointer parent, group_settings how,
                            std::shared_ptr<loss_program> what) {
  self = parent;
  settings = std::move(how);
  program = std::move(what);
  outputs = inbox{settings.head().upstream};
}

void loss_group_state::on_tensor(const tensor_message& what) {
  auto& work = what.key.work;
  if (!settings.knows(work) || what.key.way != direction::forward)
    return;
  if (outputs.put(work, what.key.producer, what.value)
      != inbox::outcome::complete)
    return;
  auto values = outputs.take(work);
  auto target = std::move(values->back());
  values->pop_back();
  if (is_question(work.why))
    start_answer(work, *values);
  else
    start_loss(work, std::move(*values), std::move(target));
}

void loss_group_state::on_block(block& done) {
  if (done.failure)
    report(done.failure);
  else
    done.then();
}

void loss_group_state::start_loss(const work_id& work,
                                  std::vector<tensor> values, tensor target) {
  if (auto err = program->check(work.why, values, target))
    return report(err);
  auto outcome = std::make_shared<loss_program::outcome>();
  send_block(self, settings.device,
             {.when = urgency::backward,
              .micro_batch = work.micro_batch,
              .what = "loss",
              .of = settings.head().id,
              .run =
                  [p = program, work, outcome, xs = std::move(values),
                   target = std::move(target),
                   stay = settings.gradients_stay](device& dev) {
                    *outcome = p->compute(dev, work.why, xs, target);
                    if (!stay)
                      fetch_all(dev, outcome->gradients);
                  },
              .then =
                  [this, work, outcome] {
                    send_gradients(work, outcome->gradients);
                    send_result(work, to_tensor(outcome->value));
                  }});
}

void loss_group_state::start_answer(const work_id& work,
                                    const std::vector<tensor>& values) {
  if (auto err = program->check(work.why, values, tensor{}))
    return report(err);
  tensor answer;
  trace::span here{trace::activity::computing, "answer", settings.head().id};
  auto failure = run_on(*settings.kernels, [&](device& dev) {
    answer = dev.fetch(program->answer(dev, work.why, values));
  });
  if (failure)
    return report(failure);
  send_result(work, answer);
}

void loss_group_state::send_gradients(const work_id& work,
                                      const std::vector<tensor>& values) {
  auto& me = settings.head();
  for (size_t i = 0; i < values.size(); ++i) {
    auto to = me.upstream[i].group;
    auto key = tensor_key{work, me.layer, direction::backward, me.id, to};
    if (auto sink = routes->towards(to))
      self->send(sink, tensor_message{key, values[i]});
  }
}

void loss_group_state::send_result(const work_id& work, tensor value) {
  auto& me = settings.head();
  auto key = tensor_key{work, me.layer, direction::forward, me.id, 0};
  for (auto& reader : readers)
    self->send(reader, tensor_message{key, value});
}

group_status loss_group_state::status() const {
  group_status out;
  out.group = settings.head().id;
  out.version = settings.version;
  if (auto missing = outputs.missing()) {
    out.waits_for = wait_kind::activation;
    out.of_group = missing->second;
    out.step = missing->first.step;
    out.micro_batch = missing->first.micro_batch;
  }
  return out;
}

void loss_group_state::report(const caf::error& what) {
  auto place = fmt::format("loss group on node {}", settings.self + 1);
  self->send(settings.driver, failed_atom::value, settings.epoch,
             within(place, what));
}

group_actor::behavior_type loss_group(loss_group_state::pointer self,
                                      group_settings how,
                                      std::shared_ptr<loss_program> program) {
  auto& state = self->state;
  state.init(self, std::move(how), std::move(program));
  return {
      [&state](const tensor_message& what) { state.on_tensor(what); },
      [&state](const routing_ptr& routes) {
        state.routes = routes;
        state.readers = routes->readers(state.settings.head().id);
      },
      [&state](const block_ptr& done) { state.on_block(*done); },
      // The loss has no parameters: nothing to update, nothing to save.
      [](round_atom, uint32_t, const round_ptr&) {},
      [](update_atom, uint64_t, uint32_t) {},
      [](ready_atom, uint64_t) {},
      [](save_atom, uint64_t, uint64_t) {},
      [&state](status_atom, group_id) { return state.status(); },
      [](peek_atom, group_id) -> caf::result<parameters_ptr> {
        return fail(ec::invalid_argument, "the loss has no parameters");
      },
  };
}

tensor to_tensor(const loss_value& value) {
  auto builder = tensor_builder<double>{{1, 2}};
  builder.values()[0] = value.loss_sum;
  builder.values()[1] = value.correct;
  return std::move(builder).share();
}

result<loss_value> to_loss_value(const tensor& value) {
  if (value.type() != dtype::f64 || value.extent() != shape{1, 2})
    return fail(ec::protocol_violation,
                "the loss group sent {} [{}, {}] instead of a loss",
                to_string(value.type()), value.extent().rows,
                value.extent().columns);
  return loss_value{value.values<double>()[0], value.values<double>()[1]};
}

} // namespace nnactor
