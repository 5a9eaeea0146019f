#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/run/membership.hpp"
#include "nnactor/run/recovery.hpp"

#include <caf/scheduled_actor.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace nnactor {

/// Who goes on when a job was set up anew, or was not.
struct redeployed {
  std::function<void(const deployed_ptr&)> then;
  std::function<void(const caf::error&)> otherwise;
  /// A node was lost meanwhile.
  std::function<void()> disturbed;
};

/// Lets the distributor carry out the attempt that has been started.
template <class Driver>
void redeploy(Driver* self, recovery& job, const distributor_actor& distributor,
              const deployment_ptr& plan, const redeployed& who) {
  self->request(distributor, 2 * defaults::deploy_timeout, deploy_atom::value,
                plan, driver_actor{self})
      .then(
          [&job, who](const deployed_ptr& network) {
            job.end_attempt() ? who.then(network) : who.disturbed();
          },
          [&job, who](const caf::error& why) {
            job.end_attempt() ? who.otherwise(why) : who.disturbed();
          });
}

/// Asks a lost node, if one is due, whether it is there again.
/// @param then Gets the address of one that is.
/// @param otherwise Gets that of one that is not, or cannot come, and why.
template <class Driver>
void call_the_lost(
    Driver* self, membership& nodes, const recovery& job,
    const distributor_actor& distributor, std::chrono::milliseconds patience,
    std::function<void(const std::string&)> then,
    std::function<void(const std::string&, const caf::error&)> otherwise) {
  auto due = nodes.call(self->clock().now());
  if (!due)
    return;
  self->request(distributor, patience, join_atom::value,
                std::vector<std::string>{*due})
      .then(
          [=, &nodes, &job, asked = job.disturbances(),
           address = *due](const cluster_ptr&) {
            if (asked == job.disturbances())
              then(address);
            else
              nodes.miss(address, self->clock().now());
          },
          [otherwise, address = *due](const caf::error& why) {
            otherwise(address, why);
          });
}

/// From now on it is told who of the nodes of `network` ends, by address.
/// @param before What it has been told of so far, or null.
void monitor_nodes(caf::scheduled_actor& self, const deployed_ptr& before,
                   const deployed_ptr& network,
                   std::function<void(const std::string&)> lost);

} // namespace nnactor
