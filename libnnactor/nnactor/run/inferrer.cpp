#include "nnactor/run/inferrer.hpp"

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
  auto answer = self->make_response_promise<tensor>();
  waiting.push_back({inputs, answer});
  pump();
  return answer;
}

void inferrer_state::pump() {
  while (network && !waiting.empty() && open.size() < window) {
    auto work =
        work_id{network->job->epoch, network->job->step, phase::infer, next++};
    port.send_inputs(work, waiting.front().inputs);
    open.emplace(work.micro_batch, std::move(waiting.front().answer));
    waiting.pop_front();
  }
}

void inferrer_state::on_answer(const tensor_message& what) {
  auto i = open.find(what.key.work.micro_batch);
  if (i == open.end() || !network || what.key.work.epoch != network->job->epoch)
    return;
  i->second.deliver(what.value);
  open.erase(i);
  pump();
}

void inferrer_state::on_failure(const caf::error& why) {
  if (broken)
    return;
  broken = why;
  for (auto& [number, answer] : open)
    answer.deliver(why);
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
