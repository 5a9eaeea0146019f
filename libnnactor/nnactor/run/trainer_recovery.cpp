#include "nnactor/run/job.hpp"
#include "nnactor/run/trainer.hpp"

namespace nnactor {

// A request that is not answered, or by nobody, says that the node is gone;
// what a node itself says went wrong ends the run.
void trainer_state::on_node_error(const std::string& address,
                                  const caf::error& why) {
  auto code = code_of(why);
  if (code == ec::node_lost || code == ec::timeout)
    return on_lost(address);
  on_failure(within(name_of_node(address), why));
}

void trainer_state::on_peer_lost(node_index node) {
  if (node < network->cluster.members.size())
    on_lost(network->cluster.members[node].address);
}

void trainer_state::on_lost(const std::string& address) {
  if (now == stage::idle)
    return;
  // All is trained and saved.
  if (now == stage::finishing && is_saved())
    return finish();
  if (!way_back.lose(address, self->clock().now()))
    return;
  nodes.lose(*network->job, address, issued_step, self->clock().now());
  drop_work();
  notice(fmt::format("{} is lost; going back to step {}", name_of_node(address),
                     format_count(writer.last_good().step)));
  recover();
}

void trainer_state::drop_work() {
  now = stage::recovering;
  port.close();
  open.clear();
  in_flight = 0;
  validation_losses.clear();
  writer.drop();
  refuse_all(fail(ec::node_lost, "a node was lost; ask again when the run goes "
                                 "on"));
}

// Called again whenever something that it has to wait for is over.
void trainer_state::recover() {
  if (now != stage::recovering || writer.is_under_way())
    return;
  if (stopping)
    return finish();
  if (way_back.is_trying())
    return;
  auto to = way_back.plan(*network->job, settings.devices);
  if (!to)
    return on_failure(
        fail(ec::node_lost, "{}; {}", explain(to.error()), way_on()));
  auto again = [this](const caf::error& why) { try_again(why); };
  set_up_anew(*to, again,
              {.then = [this](const deployed_ptr& job) { go_on(job); },
               .otherwise = again,
               .disturbed = [this] { recover(); }});
}

// Where nothing can be done about the reason, `watch` tries again.
void trainer_state::try_again(const caf::error& why) {
  if (now != stage::recovering)
    return;
  // What was whole when it was committed has been damaged since.
  if (code_of(why) == ec::store_corrupt)
    if (auto damaged = writer.pass_over()) {
      notice(passed_over(*damaged, why));
      return recover();
    }
  if (!way_back.may_pass(why, self->clock().now(), settings.patience))
    on_failure(why);
}

// Everybody, under an epoch that is claimed for it; for whatever moves, too.
void trainer_state::set_up_anew(
    const rearrangement& to, std::function<void(const caf::error&)> unclaimed,
    const redeployed& who) {
  way_back.start_attempt();
  self->request(settings.persistence, settings.patience, claim_atom::value)
      .then(
          [this, to, who](uint64_t epoch, const std::string& token, uint64_t) {
            if (!way_back.is_overtaken())
              return redeploy(self, way_back, settings.distributor,
                              plan_of(to, epoch, token), who);
            way_back.end_attempt();
            who.disturbed();
          },
          [this, unclaimed, who](const caf::error& why) {
            way_back.end_attempt() ? unclaimed(why) : who.disturbed();
          });
}

deployment_ptr trainer_state::plan_of(const rearrangement& to, uint64_t epoch,
                                      const std::string& token) const {
  auto plan = std::make_shared<deployment>(*network->job);
  auto from = writer.last_good();
  plan->epoch = plan->store_epoch = epoch;
  plan->token = token;
  plan->servers = to.servers;
  plan->parts = to.next.parts;
  plan->graph = to.next.graph;
  plan->where = to.next.where;
  plan->generation = from.generation;
  plan->step = from.step;
  plan->carried_epoch = now == stage::serving ? network->job->epoch : 0;
  return plan;
}

void trainer_state::go_on(const deployed_ptr& job) {
  if (now == stage::idle)
    return;
  auto from = writer.last_good();
  auto count = job->cluster.members.size();
  auto [took, lost_nodes] = way_back.succeed(self->clock().now());
  issued_step = settled = from.step;
  issued_batch = 0;
  // What was enough is to be reached again.
  if (from.step < last_step)
    last_step = settings.run.steps;
  connect(job);
  boundary = pausing ? issued_step : next_boundary(issued_step);
  notice(fmt::format("{} are on {} now; going on at step {} after "
                     "{:.2f} s (epoch {})",
                     lost_nodes ? "its groups" : "the groups",
                     counted(count, "node"), format_count(from.step),
                     std::chrono::duration<double>(took).count(),
                     job->job->epoch));
  now = stage::training;
  pump();
}

} // namespace nnactor
