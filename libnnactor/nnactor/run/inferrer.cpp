#include "nnactor/run/inferrer.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/engine/check_tensor.hpp"
#include "nnactor/engine/columns.hpp"

#include <utility>

namespace nnactor {

void inferrer_state::begin(const deployed_ptr& job) {
  self->delayed_send(self, defaults::watch_interval, watch_atom::value);
  connect(job);
}

void inferrer_state::connect(const deployed_ptr& job) {
  monitor_nodes(*self, network, job,
                [this](const std::string& address) { on_lost(address); });
  network = job;
  nodes.serve(network->job->servers, self->clock().now());
  port.open(self->system(), *network, settings.gate,
            caf::actor_cast<sink_actor>(self));
  pump();
  pump_rounds();
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
  auto context = network->job->net.context;
  if (inputs.extent().rows % context != 0)
    return fail(ec::invalid_argument,
                "the question has {} rows, which is not a number of sequences "
                "of {}",
                inputs.extent().rows, context);
  auto type = input.tokens > 0 ? dtype::i32 : dtype::f32;
  if (auto err = check_tensor("the question", inputs, type, what))
    return err;
  return input.tokens > 0 ? check_range("the question", inputs, input.tokens)
                          : caf::error{};
}

bool inferrer_state::is_answering() const {
  return network && !way_back.is_broken() && !way_back.is_trying();
}

caf::result<written_rows> inferrer_state::write(uint64_t cache,
                                                const token_round& what,
                                                const tensor& tokens) {
  if (broken)
    return broken;
  auto answer = self->make_response_promise<written_rows>();
  waiting_rounds.push_back({cache, what, tokens, answer});
  pump_rounds();
  return answer;
}

void inferrer_state::pump_rounds() {
  if (!is_answering())
    return;
  for (auto& x : std::exchange(waiting_rounds, {}))
    if (x.cache == network->job->epoch)
      send_round(std::move(x));
    else
      x.answer.deliver(written_rows{network->job->epoch, {}});
}

void inferrer_state::send_round(written_round what) {
  const auto& job = *network->job;
  auto work = work_id{job.epoch, job.step, phase::generate, next++};
  for (const auto& member : network->cluster.members)
    self->send(member.node, round_atom::value, job.epoch, work.micro_batch,
               what.what);
  port.send_inputs(work, what.tokens);
  open_rounds.emplace(work.micro_batch, std::move(what));
}

void inferrer_state::on_logits(const tensor_message& what) {
  auto i = open_rounds.find(what.key.work.micro_batch);
  if (i == open_rounds.end())
    return;
  auto& [cache, round, tokens, answer] = i->second;
  auto expected = shape{round.wanted(), network->job->net.output().width};
  if (auto err = check_tensor("the logits", what.value, dtype::f32, expected))
    return on_failure(err);
  answer.deliver(written_rows{cache, what.value});
  open_rounds.erase(i);
}

void inferrer_state::pump() {
  while (is_answering() && !waiting.empty() && open.size() < settings.window) {
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
  auto& work = what.key.work;
  if (work.why == phase::generate)
    return on_logits(what);
  auto i = open.find(work.micro_batch);
  if (i == open.end() || work.why != phase::infer
      || work.time_step >= port.time_steps())
    return;
  auto& [inputs, answer, outputs] = i->second;
  auto expected = shape{inputs.extent().rows, network->job->net.output().width};
  if (auto err = check_tensor("the answer", what.value, dtype::f32, expected))
    return on_failure(err);
  outputs.emplace(work.time_step, what.value);
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
  if (is_answering() && epoch == network->job->epoch
      && node < network->cluster.members.size())
    on_lost(network->cluster.members[node].address);
}

void inferrer_state::on_lost(const std::string& address) {
  auto now = self->clock().now();
  if (broken || !way_back.lose(address, now))
    return;
  nodes.lose(*network->job, address, network->job->step, now);
  drop_work();
  recover();
}

// What was not answered is asked again, the oldest first.
void inferrer_state::drop_work() {
  port.close();
  for (auto i = open.rbegin(); i != open.rend(); ++i) {
    i->second.outputs.clear();
    waiting.push_front(std::move(i->second));
  }
  open.clear();
  // Their pages are gone: whoever asked is told when there are others.
  for (auto& [number, round] : open_rounds)
    waiting_rounds.push_back(std::move(round));
  open_rounds.clear();
}

void inferrer_state::recover() {
  if (!way_back.is_broken() || way_back.is_trying() || broken)
    return;
  auto to = way_back.plan(*network->job, settings.devices);
  if (!to)
    return on_failure(to.error());
  set_up_anew(*to, {.then =
                        [this](const deployed_ptr& job) {
                          way_back.succeed(self->clock().now());
                          connect(job);
                        },
                    .otherwise = [this](auto& why) { try_again(why); },
                    .disturbed = [this] { recover(); }});
}

// `watch` does. There is one generation to answer from: if that is damaged, no
// time helps.
void inferrer_state::try_again(const caf::error& why) {
  auto patience = 2 * defaults::deploy_timeout;
  if (code_of(why) == ec::store_corrupt
      || !way_back.may_pass(why, self->clock().now(), patience))
    on_failure(why);
}

void inferrer_state::set_up_anew(const rearrangement& to,
                                 const redeployed& who) {
  auto plan = std::make_shared<deployment>(*network->job);
  plan->epoch = epoch = std::max(epoch, plan->epoch) + 1;
  plan->servers = to.servers;
  plan->where = to.next.where;
  way_back.start_attempt();
  redeploy(self, way_back, settings.distributor, plan, who);
}

// -- nodes that come back -----------------------------------------------------

void inferrer_state::watch() {
  if (broken)
    return;
  self->delayed_send(self, defaults::watch_interval, watch_atom::value);
  recover();
  look_for_the_lost();
}

void inferrer_state::look_for_the_lost() {
  if (is_answering())
    call_the_lost(
        self, nodes, way_back, settings.distributor, defaults::deploy_timeout,
        [this](const std::string& address) { take_back(address); },
        [this](const std::string& address, const caf::error& why) {
          nodes.stay_away(address, why, self->clock().now());
        });
}

void inferrer_state::take_back(const std::string& address) {
  if (broken)
    return;
  drop_work();
  set_up_anew(nodes.welcome(*network->job, address),
              {.then = [this](const deployed_ptr& job) { connect(job); },
               .otherwise =
                   [this, address](const caf::error& why) {
                     auto now = self->clock().now();
                     nodes.refuse(address, code_of(why), now);
                     way_back.break_off(now);
                     recover();
                   },
               .disturbed =
                   [this, address] {
                     nodes.miss(address, self->clock().now());
                     recover();
                   }});
}

void inferrer_state::on_failure(const caf::error& why) {
  if (broken)
    return;
  broken = why;
  for (auto& [number, question] : open)
    question.answer.deliver(why);
  for (auto& question : waiting)
    question.answer.deliver(why);
  for (auto& round : std::exchange(waiting_rounds, {}))
    round.answer.deliver(why);
  for (auto& [number, round] : std::exchange(open_rounds, {}))
    round.answer.deliver(why);
  open.clear();
  waiting.clear();
}

inferrer_actor::behavior_type run_inferrer(inferrer_state::pointer self,
                                           inferrer_settings how) {
  auto& st = self->state;
  st.self = self;
  st.settings = std::move(how);
  st.nodes = membership{st.settings.own_nodes};
  return {
      [&st](ready_atom, const deployed_ptr& job) { st.begin(job); },
      [&st](infer_atom, const tensor& inputs) { return st.ask(inputs); },
      [&st](round_atom, uint64_t cache, const token_round& what,
            const tensor& tokens) { return st.write(cache, what, tokens); },
      [&st](const tensor_message& what) { st.on_answer(what); },
      [&st](failed_atom, uint64_t epoch, const caf::error& why) {
        if (st.is_answering() && st.network->job->epoch == epoch)
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
      [&st](watch_atom) { st.watch(); },
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
