#pragma once

#include "nnactor/cluster/deployment.hpp"
#include "nnactor/cluster/distributor.hpp"
#include "nnactor/cluster/network_access.hpp"
#include "nnactor/run/inferrer.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <vector>

namespace nnactor {

/// A node and a driver in this process, for benchmarks of what devices do: the
/// same actors as in a cluster, but for the sockets between processes.
class inner_cluster {
public:
  /// @param cpus One a device.
  explicit inner_cluster(const std::vector<uint32_t>& cpus);
  ~inner_cluster();

  inner_cluster(const inner_cluster&) = delete;
  inner_cluster& operator=(const inner_cluster&) = delete;

  /// Places a network for inference, in place of the one before.
  result<deployed_ptr> open(const deployment& job);

  /// Asks many questions at once; returns when all are answered.
  caf::error ask(const std::vector<tensor>& questions);

private:
  uint32_t devices_;
  system_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  node_actor node_;
  dialer_actor dialer_;
  gate_actor gate_;
  distributor_actor distributor_;
  inferrer_actor inferrer_;
};

} // namespace nnactor
