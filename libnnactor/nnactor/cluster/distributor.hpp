#pragma once

#include "nnactor/cluster/deployment.hpp"
#include "nnactor/messages/actors.hpp"
#include "nnactor/partition/transformer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace nnactor {

/// Nodes that have been met, in the order in which they were named.
struct cluster_view {
  struct member {
    std::string address;
    node_actor node;
    node_info info;
    gate_actor gate;      ///< Null until it takes part in a deployment.
    link_model link = {}; ///< From here, if somebody has measured it.
  };
  std::vector<member> members;
};

using cluster_ptr = std::shared_ptr<const cluster_view>;

/// A network on its nodes.
struct deployed_network {
  deployment_ptr job;   ///< As the driver, the last of the servers, sees it.
  cluster_view cluster; ///< The nodes of the job, by node index.
  std::vector<node_report> reports; ///< By node index.
};

using deployed_ptr = std::shared_ptr<const deployed_network>;

/// Knows the nodes and sets jobs up on them.
using distributor_actor = caf::typed_actor<
    // Reach these nodes too; returns all that have been met.
    caf::replies_to<join_atom,
                    std::vector<std::string> /*addresses*/>::with<cluster_ptr>,
    // Set up a job on the nodes that it names as servers (the driver last), or
    // on all where it names none; seats are chosen where it has none. Nodes of
    // the deployment before that are not in this one are let go.
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
  uint32_t devices = 1;  ///< Used on each node.
  cluster_view known;    ///< Every node met.
  deployed_ptr deployed; ///< Null before the first deployment.

  caf::result<cluster_ptr> join(const std::vector<std::string>& addresses);
  caf::result<deployed_ptr> deploy(const deployment& job,
                                   const driver_actor& driver);
  void leave();

private:
  struct joining;
  using joining_ptr = std::shared_ptr<joining>;
  struct deploying;
  using deploying_ptr = std::shared_ptr<deploying>;

  void dial(const joining_ptr& what, size_t index);
  void greet(const joining_ptr& what, size_t index);

  caf::error choose_members(deploying& what);
  void watch(const deploying_ptr& what);
  void connect_neighbours(const deploying_ptr& what);
  void exchange_gates(const deploying_ptr& what);
  void set_up(const deploying_ptr& what);
  void finish(const deploying_ptr& what);
};

distributor_actor::behavior_type
run_distributor(distributor_state::pointer self, dialer_actor dialer,
                gate_actor gate, std::string credential,
                std::chrono::milliseconds patience, uint32_t devices);

} // namespace nnactor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::cluster_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::deployed_ptr)
