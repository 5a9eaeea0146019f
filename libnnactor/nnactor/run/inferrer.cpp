#include "nnactor/run/inferrer.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/engine/check_tensor.hpp"
#include "nnactor/engine/columns.hpp"

namespace nnactor {

void inferrer_state::begin(const deployed_ptr& job) {
  network = job;
  lost.clear();
  port.open(self->system(), *network, settings.gate,
            caf::actor_cast<sink_actor>(self));
  for (auto& m : network->cluster.members)
    self->monitor(m.node);
  self->set_down_handler([this](const caf::down_msg& msg) {
    for (auto& m : network->cluster.members)
      if (m.node.address() == msg.source)
        return on_lost(m.address);
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
  auto type = input.tokens > 0 ? dtype::i32 : dtype::f32;
  if (auto err = check_tensor("the question", inputs, type, what))
    return err;
  return input.tokens > 0 ? check_range("the question", inputs, input.tokens)
                          : caf::error{};
}

void inferrer_state::pump() {
  while (network && lost.empty() && !waiting.empty()
         && open.size() < settings.window) {
    auto work =
        work_id{network->job->epoch, network->job->step, phase::infer, next++};
    port.send_inputs(work, waiting.front().inputs);
    open.emplace(work.micro_batch, std::move(waiting.front()));
    waiting.pop_front();
  }
}

void inferrer_state::on_answer(const tensor_message& what) {
  if (!network || what.key.work.epoch != network->job->epoch)
    return;
  auto i = open.find(what.key.work.micro_batch);
  if (i == open.end())
    return;
  auto& [inputs, answer, outputs] = i->second;
  auto expected = shape{inputs.extent().rows, network->job->net.output().width};
  if (auto err = check_tensor("the answer", what.value, dtype::f32, expected))
    return on_failure(err);
  outputs.emplace(what.key.work.time_step, what.value);
  if (outputs.size() < port.time_steps())
    return;
  std::vector<tensor> in_order;
  for (auto& [time, value] : outputs)
    in_order.push_back(value);
  answer.deliver(join_columns(in_order));
  open.erase(i);
  pump();
}

// -- lost nodes ---------------------------------------------------------------

void inferrer_state::on_peer_lost(uint64_t epoch, node_index node) {
  // Two that lose each other both say so; one of them is enough.
  if (network && epoch == network->job->epoch && lost.empty()
      && node < network->cluster.members.size())
    on_lost(network->cluster.members[node].address);
}

void inferrer_state::on_lost(const std::string& address) {
  if (broken)
    return;
  if (lost.empty())
    lost_since = self->clock().now();
  if (!lost.insert(address).second)
    return;
  port.close();
  // The oldest come first again.
  for (auto i = open.rbegin(); i != open.rend(); ++i) {
    i->second.outputs.clear();
    waiting.push_front(std::move(i->second));
  }
  open.clear();
  recover();
}

void inferrer_state::recover() {
  if (lost.empty() || deploying || broken)
    return;
  auto to = survivors_of(*network->job, lost, settings.devices);
  if (!to)
    return on_failure(to.error());
  if (self->clock().now() - lost_since > 2 * defaults::deploy_timeout)
    return on_failure(fail(ec::timeout, "the groups of lost nodes could not be "
                                        "placed on others in time"));
  auto plan = std::make_shared<deployment>(*network->job);
  plan->epoch = epoch = std::max(epoch, plan->epoch) + 1;
  plan->servers = to->servers;
  plan->where = to->next.where;
  deploying = true;
  self->request(settings.distributor, 2 * defaults::deploy_timeout,
                deploy_atom::value, deployment_ptr{plan}, driver_actor{self})
      .then(
          [this, known = lost.size()](const deployed_ptr& job) {
            deploying = false;
            if (lost.size() > known)
              return recover();
            for (auto& m : network->cluster.members)
              self->demonitor(m.node.address());
            begin(job);
          },
          [this](const caf::error& why) {
            deploying = false;
            if (!is_loss(why))
              return on_failure(why);
            // Another node may be gone without our knowing it yet.
            self->delayed_send(self, defaults::watch_interval,
                               watch_atom::value);
          });
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
                                           inferrer_settings how) {
  auto& st = self->state;
  st.self = self;
  st.settings = std::move(how);
  return {
      [&st](ready_atom, const deployed_ptr& job) { st.begin(job); },
      [&st](infer_atom, const tensor& inputs) { return st.ask(inputs); },
      [&st](const tensor_message& what) { st.on_answer(what); },
      [&st](failed_atom, uint64_t epoch, const caf::error& why) {
        if (st.network && st.network->job->epoch == epoch && st.lost.empty())
          st.on_failure(why);
      },
      [&st](lost_atom, uint64_t epoch, node_index node) {
        st.on_peer_lost(epoch, node);
      },
      [&st](loading_atom, uint64_t epoch, node_index node, uint64_t bytes,
            uint64_t of) {
        auto event = st.loading.add(epoch, node, bytes, of);
        if (event && st.settings.observer)
          caf::anon_send(st.settings.observer, event);
      },
      [&st](watch_atom) { st.recover(); },
      // Nothing is trained.
      [](norm_atom, uint64_t, uint64_t, group_id, uint64_t) {},
      [](credit_atom, uint64_t, uint64_t, uint32_t, group_id) {},
      [](written_atom, uint64_t, uint64_t, node_index,
         const std::vector<char>&) {},
      [](unsaved_atom, uint64_t, uint64_t, node_index, const caf::error&) {},
      [](command_atom, const std::string&) -> caf::result<std::string> {
        return fail(ec::invalid_argument,
                    "this job answers questions; only a run of training takes "
                    "commands");
      },
  };
}

} // namespace nnactor
