#pragma once

#include "nnactor/config/experiment.hpp"
#include "nnactor/data/dataset.hpp"
#include "nnactor/engine/group_program.hpp"
#include "nnactor/run/driver_port.hpp"
#include "nnactor/run/progress.hpp"
#include "nnactor/store/manifest.hpp"

#include <map>
#include <set>

namespace nnactor {

/// Drives a training job.
using trainer_actor = driver_actor::extend<
    // A loss, from the gate.
    caf::reacts_to<tensor_message>,
    // Everything is set up: begin.
    caf::reacts_to<ready_atom, cluster_ptr, deployed_ptr>,
    // Look whether anything has moved; sent to itself.
    caf::reacts_to<watch_atom>>;

struct trainer_settings {
  std::shared_ptr<const dataset> data;
  run_settings run;
  store_settings store;
  std::string experiment;  ///< Text to save with the model.
  uint64_t generation = 0; ///< Newest of the store so far.
  std::chrono::milliseconds patience{30000};
  gate_actor gate;               ///< Of the driver's process.
  persistence_actor persistence; ///< Of the driver's process.
  caf::actor observer;           ///< Gets `progress_ptr`.
};

/// A training job as a state machine:
///
///   training --(boundary: all micro-batches back)--> counting traffic
///   counting --(all nodes have told)--> validating, if due
///   validating --(all losses in)--> saving, if due
///   saving --(all nodes hold the request)--> training, or finishing after
///     the last step, until the last generation is committed
///
/// Commits go on while training does; a new one waits for the one before.
struct trainer_state {
  static inline const char* name = "trainer";

  using pointer = trainer_actor::stateful_pointer<trainer_state>;

  enum class stage : uint8_t {
    idle,
    training,
    counting, ///< Asking the nodes for their traffic.
    validating,
    saving,
    finishing,
  };

  /// Losses and norms of one step.
  struct step_results {
    std::map<uint32_t, loss_value> losses;          ///< By micro-batch.
    std::map<group_id, double> norms;               ///< By group.
    std::map<uint32_t, std::set<group_id>> credits; ///< By micro-batch.
  };

  /// A generation under way.
  struct saving {
    manifest next;
    std::set<node_index> written;
    bool verified = false; ///< A finite loss has followed.
    bool committing = false;
  };

  pointer self = nullptr;
  trainer_settings settings;
  cluster_ptr cluster;
  deployed_ptr network;
  driver_port port;
  std::optional<batch_order> order;

  stage now = stage::idle;
  uint64_t issued_step = 0;  ///< Step whose micro-batches are being sent.
  uint32_t issued_batch = 0; ///< Next micro-batch of it.
  uint64_t boundary = 0;     ///< Step at which to validate or save next.
  uint32_t in_flight = 0;    ///< Micro-batches out, credit not returned.
  std::map<uint64_t, step_results> open; ///< Steps that lack something.

  uint64_t validated = 0; ///< Next validation micro-batch.
  loss_value validation;  ///< Sum so far.
  std::map<uint32_t, loss_value> validation_losses; ///< By micro-batch.
  size_t save_answers = 0; ///< Nodes that have not taken the request.
  std::optional<saving> generation;
  uint64_t generations = 0; ///< Newest number used.

  std::vector<uint64_t> node_traffic;
  caf::actor_clock::time_point last_progress;

  void begin(const cluster_ptr& nodes, const deployed_ptr& job);
  void on_result(const tensor_message& what);
  void on_norm(uint64_t step, group_id group, double norm);
  void on_credit(uint64_t step, uint32_t micro_batch, group_id group);
  void on_written(uint64_t number, node_index node,
                  const std::vector<char>& slices);
  void on_failure(const caf::error& why);
  void watch();

private:
  void pump();
  void issue(phase why, uint64_t step, uint32_t micro_batch,
             const examples& what);
  examples training_examples(uint64_t step, uint32_t micro_batch) const;
  void pump_training();
  void pump_validation();
  void enter_boundary();
  void start_boundary();
  void leave_boundary();
  uint64_t save_period() const;
  uint64_t next_boundary(uint64_t step) const;
  bool is_due(uint64_t period) const;
  void ask_traffic(std::function<void()> then);
  void finish_step_if_complete(uint64_t step);
  void finish_validation();
  void start_saving();
  void commit_if_complete();
  void on_committed(const manifest_ptr& committed);
  void end_if_done();
  void publish(progress what);
  std::string waiting_for() const;
  uint64_t validation_batches() const;
};

trainer_actor::behavior_type run_trainer(trainer_state::pointer self,
                                         trainer_settings how);

} // namespace nnactor
