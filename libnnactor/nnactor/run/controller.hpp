#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/cluster/network_access.hpp"
#include "nnactor/cluster/node_process.hpp"
#include "nnactor/config/experiment.hpp"
#include "nnactor/run/inferrer.hpp"
#include "nnactor/run/text_writer.hpp"
#include "nnactor/run/trainer.hpp"
#include "nnactor/store/model_store.hpp"
#include "nnactor/store/run_lease.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace nnactor {

/// Fails on credentials that cannot be used, and where shells would reach a run
/// whom nobody could keep out.
caf::error check(const cluster_settings& how);

/// What a controller needs to know of the cluster and the store.
struct controller_settings {
  cluster_settings cluster;
  std::string model; ///< Folder of the model.
  std::string state; ///< Folder for the states of nodes that it starts.
  bool pin = false;  ///< Each node it starts to a core of its own.
};

/// The driver's process: starts nodes where none are given, and runs jobs on
/// the cluster from the main thread. Nodes it started end with it.
class controller {
public:
  /// Fails where `check` of the cluster does.
  static result<std::unique_ptr<controller>> make(controller_settings how);

  ~controller();

  controller(const controller&) = delete;
  controller& operator=(const controller&) = delete;

  using watcher = std::function<void(const progress&)>;

  /// Starts nodes if there are no addresses and meets all of them.
  result<cluster_ptr> join();

  /// Returns these nodes with the links to them measured, for whoever plans.
  result<cluster_ptr> measure_links(const cluster_ptr& nodes);

  /// Checks that every node sees the folder of the model, which is created.
  /// Fails, naming the node and the keys, where one does not.
  caf::error check_sharing(const cluster_view& nodes);

  /// An epoch of the model that belongs to this process.
  struct claim {
    uint64_t epoch = 0;
    std::string token;       ///< That nodes must find in the same store.
    uint64_t generation = 0; ///< The newest so far, 0 if there is none.
  };
  /// The first one shows others, until the end of this object, that a run
  /// trains the model.
  result<claim> claim_epoch();

  /// Places the job and trains until it ends; `watch` sees every event,
  /// `placed` the placement before the first. Shells reach the job at
  /// `control_address` meanwhile.
  caf::error train(const deployment& job, trainer_settings how,
                   const std::function<void(const deployed_network&)>& placed,
                   const watcher& watch);

  /// Lets training end after this step, with a generation of it. May be called
  /// from any thread while `train` runs.
  void stop();

  /// HOST:PORT at which shells reach the run, empty before it is placed.
  const std::string& control_address() const {
    return control_address_;
  }

  /// Takes commands while a run trains, as a shell would send them.
  const control_actor& control() const {
    return control_;
  }

  /// The actors of this process, for benchmarks that add some.
  caf::actor_system& system() {
    return system_;
  }

  /// Places the job for inference.
  result<deployed_ptr> open_inference(const deployment& job,
                                      const watcher& watch = {});

  /// Places the best generation of a model for inference, in so many parts or
  /// (0) its own, and returns it; one of which a node finds a slice damaged is
  /// told, as a notice, and passed over.
  /// @param pages See `train_settings::pages`.
  result<manifest> serve(model_store& store, uint32_t parts,
                         const watcher& watch, uint32_t pages = 0);

  /// Asks the network opened last; the answer is [rows, outputs], time steps
  /// side by side.
  result<tensor> infer(const tensor& inputs);

  /// See `round_computer`.
  result<written_rows> write(uint64_t cache, const token_round& what,
                             const tensor& tokens);

  /// Asks many questions at once; returns when all are answered.
  caf::error infer_all(const std::vector<tensor>& questions);

private:
  explicit controller(controller_settings how);

  result<std::vector<std::string>> addresses();
  std::set<std::string> own_addresses() const;
  result<deployed_ptr> deploy(const deployment& job, const driver_actor& driver,
                              const watcher& watch);
  caf::error open_control(const trainer_actor& trainer);
  caf::error watch_training(const trainer_actor& trainer, const watcher& watch);
  void close_control(const trainer_actor& trainer, caf::error why);

  controller_settings settings_;
  std::shared_ptr<filesystem> fs_ = make_posix_filesystem();
  std::unique_ptr<run_lease> lease_;
  credentials for_nodes_;           ///< None where it starts them itself.
  std::vector<node_process> nodes_; ///< That it started.
  system_config config_;
  caf::actor_system system_;
  caf::scoped_actor self_;
  gate_actor gate_;
  persistence_actor persistence_;
  dialer_actor dialer_;
  distributor_actor distributor_;
  inferrer_actor inferrer_;
  control_actor control_;
  std::string control_address_;
};

} // namespace nnactor
