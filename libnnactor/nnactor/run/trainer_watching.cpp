#include "nnactor/defaults.hpp"
#include "nnactor/run/trainer.hpp"
#include "nnactor/run/waits.hpp"

namespace nnactor {

void trainer_state::watch() {
  if (now == stage::idle)
    return;
  self->delayed_send(self, defaults::watch_interval, watch_atom::value);
  if (now == stage::recovering)
    return recover();
  look_for_the_lost();
  if (now == stage::finishing)
    save_the_end();
  if (now == stage::idle)
    return;
  auto late = self->clock().now() - last_progress > settings.patience;
  // What serves a shell has deadlines of its own, but for a generation.
  auto served = now == stage::serving && !after_commit;
  if (late && now != stage::paused && !served)
    return give_up();
  ask_traffic([this] {
    publish({.what = progress::kind::traffic, .step = issued_step});
  });
}

// Says who waits for whom, as far as the nodes still answer.
void trainer_state::give_up() {
  auto text =
      fmt::format("nothing has moved for {} s at step {}: waiting for "
                  "{}",
                  settings.patience.count() / 1000, issued_step, waiting_for());
  now = stage::stuck;
  ask_statuses([this, text,
                asked = way_back.disturbances()](const node_statuses& all) {
    if (way_back.disturbances() != asked)
      return;
    for (size_t i = 0; i < all.size(); ++i)
      if (!all[i])
        return on_lost(network->cluster.members[i].address);
    now = stage::training;
    on_failure(fail(ec::timeout, "{}{}", text, describe_waits(*network, all)));
  });
}

void trainer_state::ask_traffic(std::function<void()> then) {
  auto& members = network->cluster.members;
  auto missing = std::make_shared<size_t>(members.size());
  auto too_late = [this, asked = way_back.disturbances(),
                   epoch = network->job->epoch] {
    return now == stage::idle || way_back.disturbances() != asked
           || network->job->epoch != epoch;
  };
  for (size_t i = 0; i < members.size(); ++i)
    self->request(members[i].node, settings.patience, traffic_atom::value)
        .then(
            [=, this](uint64_t bytes) {
              if (too_late())
                return;
              node_traffic[i] = bytes;
              if (--*missing == 0)
                then();
            },
            [=, this, address = members[i].address](const caf::error& why) {
              if (!too_late())
                on_node_error(address, why);
            });
}

std::string trainer_state::waiting_for() const {
  auto node_of = [this](group_id id) {
    auto node = network->job->where.seats[id].node;
    return name_of(network->job->servers[node]);
  };
  if (now == stage::validating)
    return fmt::format("{} of {} validation losses of the loss group on {}",
                       validation_batches() * port.time_steps()
                           - validation_losses.size(),
                       validation_batches() * port.time_steps(),
                       node_of(network->job->graph.loss_group()));
  if (auto node = writer.missing())
    return fmt::format("the slices of generation {} from {}", writer.number(),
                       name_of(network->job->servers[*node]));
  if (open.all().empty())
    return "an answer of a node";
  auto& [step, results] = *open.all().begin();
  auto losses = open.expected().losses;
  if (results.losses.size() < losses)
    return fmt::format("{} losses of step {} from the loss group on {}",
                       losses - results.losses.size(), step + 1,
                       node_of(network->job->graph.loss_group()));
  for (auto& [micro_batch, groups] : results.credits)
    for (auto id : port.closing())
      if (!groups.contains(id))
        return fmt::format("the backward pass of group {} on {}, step {}", id,
                           node_of(id), step + 1);
  return fmt::format("the gradients of step {}", step + 1);
}

} // namespace nnactor
