#pragma once

#include "nnactor/cluster/deployment.hpp"
#include "nnactor/messages/actors.hpp"

#include <memory>
#include <string>
#include <vector>

namespace nnactor {

/// The nodes of an epoch, connected pair by pair.
struct cluster_view {
  struct member {
    std::string address;
    node_actor node;
    node_info info;
    gate_actor gate;
  };
  uint64_t epoch = 0;
  std::vector<member> members;
};

/// A network on its nodes.
struct deployed_network {
  deployment_ptr job; ///< As the driver, the last of the servers, sees it.
  std::vector<node_report> reports; ///< By node index.
};

using cluster_ptr = std::shared_ptr<const cluster_view>;
using deployed_ptr = std::shared_ptr<const deployed_network>;

/// Knows the nodes and decides which groups each one gets.
using distributor_actor = caf::typed_actor<
    // Reach these nodes and connect every pair of them.
    caf::replies_to<join_atom, uint64_t /*epoch*/,
                    std::vector<std::string> /*addresses*/>::with<cluster_ptr>,
    // Place the groups of a job on the nodes joined before and set them up. The
    // job needs no servers and no placement yet.
    caf::replies_to<deploy_atom, deployment_ptr,
                    driver_actor>::with<deployed_ptr>,
    // End the job on all nodes.
    caf::reacts_to<leave_atom>>;

struct distributor_state {
  static inline const char* name = "distributor";

  using pointer = distributor_actor::stateful_pointer<distributor_state>;

  pointer self = nullptr;
  dialer_actor dialer;
  gate_actor gate; ///< Of the driver's process.
  std::string credential;
  std::chrono::milliseconds patience{};
  uint32_t devices = 1;                  ///< Used on each node.
  std::shared_ptr<cluster_view> cluster; ///< Null before `join`.

  caf::result<cluster_ptr> join(uint64_t epoch,
                                const std::vector<std::string>& addresses);
  caf::result<deployed_ptr> deploy(const deployment& job,
                                   const driver_actor& driver);
  void leave();

private:
  struct joining;
  using joining_ptr = std::shared_ptr<joining>;

  void dial(const joining_ptr& what, size_t index);
  void greet(const joining_ptr& what, size_t index);
  void connect_pairs(const joining_ptr& what);
  void exchange_gates(const joining_ptr& what);
};

distributor_actor::behavior_type
run_distributor(distributor_state::pointer self, dialer_actor dialer,
                gate_actor gate, std::string credential,
                std::chrono::milliseconds patience, uint32_t devices);

} // namespace nnactor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::cluster_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::deployed_ptr)
