#include "nnactor/defaults.hpp"
#include "nnactor/run/job.hpp"
#include "nnactor/run/trainer.hpp"

namespace nnactor {

namespace {

bool is_of_store(const caf::error& why) {
  auto code = code_of(why);
  return code == ec::store_unwritable || code == ec::store_missing
         || code == ec::store_corrupt;
}

} // namespace

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
  if (now == stage::finishing && !generation && last_good().step == boundary)
    return finish();
  if (!recovering)
    recovering.emplace(recovery{{}, self->clock().now()});
  if (!recovering->lost.insert(address).second)
    return;
  nodes.lose(address, issued_step);
  remember_homes(address);
  if (!settings.own_nodes.contains(address))
    lost_nodes.lose(address, self->clock().now());
  drop_work();
  notice(fmt::format("{} is lost; going back to step {}", name_of_node(address),
                     format_count(last_good().step)));
  recover();
}

trainer_state::committed_state trainer_state::last_good() const {
  return newest.value_or(first);
}

void trainer_state::drop_work() {
  ++disturbances;
  now = stage::recovering;
  port.close();
  open.clear();
  in_flight = 0;
  validation_losses.clear();
  save_answers = 0;
  after_commit.reset();
  // A commit is a matter between the store and this process.
  if (generation && !generation->committing)
    generation.reset();
  refuse_all(fail(ec::node_lost, "a node was lost; ask again when the run goes "
                                 "on"));
}

// Called again whenever something that it has to wait for is over.
void trainer_state::recover() {
  if (now != stage::recovering || generation)
    return;
  if (stopping)
    return finish();
  if (deploying)
    return;
  auto to = survivors_of(*network->job, recovering->lost, settings.devices);
  if (!to)
    return on_failure(
        fail(ec::node_lost, "{}; {}", explain(to.error()), way_on()));
  deploying = true;
  auto shared = std::make_shared<rearrangement>(std::move(*to));
  self->request(settings.persistence, settings.patience, claim_atom::value)
      .then([this, shared](uint64_t epoch, const std::string& token,
                           uint64_t) { redeploy(*shared, epoch, token); },
            [this](const caf::error& why) { try_again(why); });
}

// Another node may be gone without our knowing it yet, or the store does not
// answer for a while: `watch` tries again.
void trainer_state::try_again(const caf::error& why) {
  deploying = false;
  if (now != stage::recovering)
    return;
  if (code_of(why) == ec::store_corrupt && newest)
    return fall_back(why);
  auto passes = is_loss(why) || is_of_store(why);
  auto late = self->clock().now() - recovering->start > settings.patience;
  if (!passes || late)
    on_failure(why);
}

// What was whole when it was committed has been damaged since.
void trainer_state::fall_back(const caf::error& why) {
  notice(passed_over(newest->generation, why));
  newest.reset();
  if (!older.empty()) {
    newest = older.back();
    older.pop_back();
  }
  recover();
}

void trainer_state::redeploy(const rearrangement& to, uint64_t epoch,
                             const std::string& token) {
  auto asked = disturbances;
  self->request(settings.distributor, 2 * defaults::deploy_timeout,
                deploy_atom::value, plan_of(to, epoch, token),
                driver_actor{self})
      .then(
          [this, asked](const deployed_ptr& job) {
            deploying = false;
            if (asked == disturbances)
              go_on(job);
            else
              recover();
          },
          [this, asked](const caf::error& why) {
            try_again(why);
            if (asked != disturbances)
              recover();
          });
}

void trainer_state::go_on(const deployed_ptr& job) {
  if (now == stage::idle)
    return;
  auto from = last_good();
  auto count = job->cluster.members.size();
  auto seconds =
      std::chrono::duration<double>(self->clock().now() - recovering->start);
  issued_step = settled = from.step;
  issued_batch = 0;
  generations = highest;
  auto which = recovering->lost.empty() ? "the groups" : "its groups";
  recovering.reset();
  connect(job);
  boundary = pausing ? issued_step : next_boundary(issued_step);
  notice(fmt::format("{} are on {} now; going on at step {} after "
                     "{:.2f} s (epoch {})",
                     which, counted(count, "node"), format_count(from.step),
                     seconds.count(), job->job->epoch));
  now = stage::training;
  pump();
}

} // namespace nnactor
