#include "nnactor/run/inferrer.hpp"

#include "nnactor/engine/check_tensor.hpp"
#include "nnactor/engine/columns.hpp"

namespace nnactor {

void inferrer_state::begin(const deployed_ptr& job) {
  network = job;
  port.open(self->system(), *network, gate, caf::actor_cast<sink_actor>(self));
  for (auto& m : network->cluster.members)
    self->monitor(m.node);
  self->set_down_handler([this](const caf::down_msg& msg) {
    for (auto& m : network->cluster.members)
      if (m.node.address() == msg.source)
        on_failure(fail(ec::node_lost, "node {} is gone", m.address));
  });
  pump();
}

caf::result<tensor> inferrer_state::ask(const tensor& inputs) {
  if (broken)
    return broken;
  if (auto err = check(inputs))
    return err;
  auto answer = self->make_response_promise<tensor>();
  waiting.push_back({inputs, answer});
  pump();
  return answer;
}

// A question that does not fit is no reason for a group to fail.
caf::error inferrer_state::check(const tensor& inputs) const {
  if (!network)
    return caf::none;
  auto& input = network->job->net.layers.front();
  auto what = shape{inputs.extent().rows, input.width * port.time_steps()};
  return check_tensor("the question", inputs,
                      input.tokens > 0 ? dtype::i32 : dtype::f32, what);
}

void inferrer_state::pump() {
  while (network && !waiting.empty() && open.size() < window) {
    auto work =
        work_id{network->job->epoch, network->job->step, phase::infer, next++};
    port.send_inputs(work, waiting.front().inputs);
    open.emplace(work.micro_batch,
                 open_question{std::move(waiting.front().answer),
                               waiting.front().inputs.extent().rows,
                               {}});
    waiting.pop_front();
  }
}

void inferrer_state::on_answer(const tensor_message& what) {
  if (!network || what.key.work.epoch != network->job->epoch)
    return;
  auto steps = port.time_steps();
  auto i = open.find(what.key.work.micro_batch / steps);
  if (i == open.end())
    return;
  auto& outputs = i->second.outputs;
  auto expected = shape{i->second.rows, network->job->net.output().width};
  if (auto err = check_tensor("the answer", what.value, dtype::f32, expected))
    return on_failure(err);
  outputs.emplace(what.key.work.micro_batch % steps, what.value);
  if (outputs.size() < steps)
    return;
  std::vector<tensor> in_order;
  for (auto& [time, value] : outputs)
    in_order.push_back(value);
  i->second.answer.deliver(concatenate(in_order));
  open.erase(i);
  pump();
}

void inferrer_state::on_failure(const caf::error& why) {
  if (broken)
    return;
  broken = why;
  for (auto& [number, question] : open)
    question.answer.deliver(why);
  for (auto& question : waiting)
    question.answer.deliver(why);
  open.clear();
  waiting.clear();
}

inferrer_actor::behavior_type run_inferrer(inferrer_state::pointer self,
                                           gate_actor gate, uint32_t window) {
  auto& st = self->state;
  st.self = self;
  st.gate = std::move(gate);
  st.window = window;
  return {
      [&st](ready_atom, const deployed_ptr& job) { st.begin(job); },
      [&st](infer_atom, const tensor& inputs) { return st.ask(inputs); },
      [&st](const tensor_message& what) { st.on_answer(what); },
      [&st](failed_atom, uint64_t, const caf::error& why) {
        st.on_failure(why);
      },
      [&st](lost_atom, uint64_t, node_index) {
        st.on_failure(fail(ec::node_lost, "two nodes lost their connection"));
      },
      // Nothing is trained.
      [](norm_atom, uint64_t, uint64_t, group_id, uint64_t) {},
      [](credit_atom, uint64_t, uint64_t, uint32_t, group_id) {},
      [](written_atom, uint64_t, uint64_t, node_index,
         const std::vector<char>&) {},
      [](command_atom, const std::string&) -> caf::result<std::string> {
        return fail(ec::invalid_argument,
                    "this job answers questions; only a run of training takes "
                    "commands");
      },
  };
}

} // namespace nnactor
