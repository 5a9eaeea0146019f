#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/cluster/node.hpp"
#include "nnactor/run/inferrer.hpp"
#include "nnactor/run/job.hpp"
#include "nnactor/run/trainer.hpp"
#include "nnactor/store/memory_filesystem.hpp"
#include "nnactor/store/model_store.hpp"
#include "support/actors.hpp"
#include "support/made_up_data.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace nnactor::test {

/// How a simulated cluster is made.
struct simulation {
  uint64_t seed = 0; ///< Of the order of messages, see `actor_world`.
  uint32_t nodes = 1;
  uint32_t devices = 1; ///< On each node.
  uint32_t spares = 0;  ///< Nodes that are there but not joined at first.
  std::chrono::milliseconds patience{30000};
  /// What every process sees as the shared storage; made if null.
  std::shared_ptr<filesystem> storage = {};
  /// Null: the reference device.
  std::function<std::unique_ptr<device>()> make_device = {};
};

/// Nodes, distributor and driver of a cluster as actors of one system, joined
/// by a dialer that needs no socket and a store in memory.
class simulated_cluster {
public:
  explicit simulated_cluster(const simulation& how);

  /// Ends the job everywhere, then all actors.
  ~simulated_cluster();

  /// A training or inference job as its user sees it.
  struct outcome {
    std::vector<progress> events;
    caf::error failure;
    bool ended = false;

    /// Losses of the steps, in the order in which they were told.
    std::vector<double> losses() const;

    /// Events of one kind.
    std::vector<progress> of(progress::kind what) const;
    size_t count(progress::kind what) const;
  };
  using outcome_ptr = std::shared_ptr<outcome>;

  /// Claims an epoch, joins the nodes, places the job and starts to train;
  /// nothing has moved after that.
  outcome_ptr start_training(const prepared_job& job);

  /// The same from the newest generation on, from the beginning where there is
  /// none: what a user does after all processes have died.
  outcome_ptr resume_training(prepared_job job, bool repartitioned = false);

  /// Trains to the end.
  outcome_ptr train(const prepared_job& job);

  /// Places the saved model for inference, in so many even parts or (0) those
  /// that it has.
  /// @param pages See `train_settings::pages`.
  result<deployed_ptr> open_inference(uint32_t window, uint32_t parts = 0,
                                      uint32_t pages = 0);

  /// Lets the distributor meet the nodes.
  result<cluster_ptr> join();

  /// Ends a node as a crash would; nobody reaches it any more.
  void kill(size_t node);

  /// Starts another process on the address of a node that ended.
  void restart(size_t node, const std::string& store = "store");

  model_store store();

  actor_world world;
  std::shared_ptr<filesystem> storage;
  std::shared_ptr<std::map<std::string, node_actor>> addresses;
  std::vector<node_actor> nodes;
  dialer_actor dialer;
  gate_actor gate; ///< Of the driver's process.
  persistence_actor persistence;
  distributor_actor distributor;
  deployed_ptr deployed;
  trainer_actor trainer;
  inferrer_actor inferrer;

private:
  outcome_ptr start(const prepared_job& job,
                    const std::optional<manifest>& from);

  node_actor spawn_node(const std::string& store);

  template <class T>
  result<T> wait_for(const answer<T>& what);

  simulation how_;
};

/// Puts a job together: a network, how its neurons are distributed, data.
prepared_job job_of(const network& net, const partition& parts,
                    const run_settings& run);

/// The state of an actor, for tests that look inside or break something.
template <class State, class Handle>
State& state_of(const Handle& x) {
  auto* self = caf::actor_cast<caf::abstract_actor*>(x);
  // Asked for after every message of thousands of lives, so it trusts the
  // caller.
  return static_cast<typename Handle::template stateful_base<State>&>(*self)
      .state;
}

/// A dialer that looks nodes up.
dialer_actor
spawn_dialer(actor_world& in,
             std::shared_ptr<std::map<std::string, node_actor>> addresses);

/// Every parameter and all optimizer state of the newest generation, layer by
/// layer in the order of neurons.
std::vector<parameter_set> content(model_store store);

} // namespace nnactor::test
