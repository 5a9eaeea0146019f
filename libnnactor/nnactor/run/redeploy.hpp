#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/run/recovery.hpp"

#include <caf/scheduled_actor.hpp>

#include <functional>

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

/// From now on it is told who of the nodes of `network` ends, by address.
/// @param before What it has been told of so far, or null.
void monitor_nodes(caf::scheduled_actor& self, const deployed_ptr& before,
                   const deployed_ptr& network,
                   std::function<void(const std::string&)> lost);

} // namespace nnactor
