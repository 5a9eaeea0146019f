#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/config/experiment.hpp"
#include "nnactor/counting.hpp"
#include "nnactor/data/dataset.hpp"
#include "nnactor/engine/group_program.hpp"
#include "nnactor/run/driver_port.hpp"
#include "nnactor/run/generation_writer.hpp"
#include "nnactor/run/loading_progress.hpp"
#include "nnactor/run/membership.hpp"
#include "nnactor/run/mover.hpp"
#include "nnactor/run/open_steps.hpp"
#include "nnactor/run/validation_sample.hpp"
#include "nnactor/store/manifest.hpp"

#include <deque>
#include <limits>
#include <map>
#include <set>

namespace nnactor {

/// Drives a training job.
using trainer_actor = driver_actor::extend<
    // A loss, from the gate.
    caf::reacts_to<tensor_message>,
    // Everything is set up: begin.
    caf::reacts_to<ready_atom, deployed_ptr>,
    // Look whether anything has moved; sent to itself.
    caf::reacts_to<watch_atom>,
    // End after this step, with a generation of it.
    caf::reacts_to<stop_atom>>;

struct trainer_settings {
  std::shared_ptr<const dataset> data;
  run_settings run;
  store_settings store;
  std::string experiment;   ///< Text to save with the model.
  std::string config;       ///< File that it came from, for shells.
  std::string again;        ///< Command that goes on from what is saved.
  uint64_t generation = 0;  ///< Newest of the store so far.
  uint64_t resumed_run = 0; ///< That this one goes on with; 0: none.
  std::chrono::milliseconds patience{30000};
  gate_actor gate;               ///< Of the driver's process.
  persistence_actor persistence; ///< Of the driver's process.
  distributor_actor distributor; ///< Of the driver's process.
  uint32_t devices = 1;          ///< Used on each node.
  /// Nodes that end for good when they end: this run has started them.
  std::set<std::string> own_nodes = {};
  bool paused = false; ///< Wait for a shell before the first step.
  caf::actor observer; ///< Gets `progress_ptr`.
};

/// A training job as a state machine:
///
///   training --(boundary: all micro-batches back)--> counting traffic
///   counting --(all nodes have told)--> validating, if due
///   validating --(all losses in)--> saving, if due
///   saving --(all nodes hold the request)--> training, or what a shell has
///     asked for, or finishing after the last step, until the last generation
///     is committed; a validation loss that is enough makes a step the last
///   serving --(generation committed, epoch claimed, groups set up)--> training
///   paused --(a shell says so)--> training
///   A generation that cannot be written is given up, and training goes on; but
///   the last one is tried again for as long as the run is patient.
///   any --(told to stop)--> finishing, after this step and a generation of it
///   any --(a node is lost)--> recovering --(its groups are on other nodes)-->
///     training, from the last generation on
///
/// A node that was lost and answers again is taken back between two steps.
///
/// Commits go on while training does; a new one waits for the one before.
/// Whatever moves, moves between two steps: a generation is committed, and all
/// nodes are set up anew from it under a new epoch. Groups that stay go on from
/// memory. So a move leaves the same bytes behind as none.
struct trainer_state {
  static inline const char* name = "trainer";

  using pointer = trainer_actor::stateful_pointer<trainer_state>;

  enum class stage : uint8_t {
    idle,
    training,
    counting, ///< Asking the nodes for their traffic.
    validating,
    saving,
    serving, ///< What a shell has asked for.
    paused,
    stuck, ///< Asking everybody what they wait for before the end.
    recovering,
    finishing,
  };

  pointer self = nullptr;
  trainer_settings settings;
  loading_progress loading;
  uint64_t run = 0; ///< First epoch of this run.
  deployed_ptr network;
  membership nodes;
  driver_port port;
  std::optional<batch_order> order;

  stage now = stage::idle;
  uint64_t issued_step = 0;  ///< Step whose micro-batches are being sent.
  uint32_t issued_batch = 0; ///< Next micro-batch of it.
  uint64_t boundary = 0;     ///< Step at which to validate or save next.
  uint64_t settled = 0;      ///< Boundary whose validation and saving are done.
  /// With which the run ends: earlier than it was told where a validation loss
  /// is low enough.
  uint64_t last_step = 0;
  uint32_t in_flight = 0; ///< Micro-batches out, credit not returned.
  open_steps open;

  uint64_t validated = 0; ///< Next validation micro-batch.
  loss_value validation;  ///< Sum so far.
  std::map<piece, loss_value> validation_losses;
  generation_writer writer;
  std::optional<commit_waiter> after_commit;

  request_queue requests;
  mover moves;
  recovery way_back;
  bool pausing = false;  ///< Stop at every boundary.
  bool stopping = false; ///< End at the next boundary.
  /// Since when only the last generation is missing.
  std::optional<caf::actor_clock::time_point> ending;
  std::deque<std::pair<uint64_t, std::string>> notices; ///< With their steps.
  std::deque<caf::actor_clock::time_point> step_times;  ///< Of the last steps.
  double last_loss = std::numeric_limits<double>::quiet_NaN();
  double last_validation = std::numeric_limits<double>::quiet_NaN();

  /// Of deployments before this one, by address of the node.
  std::map<std::string, uint64_t> past_traffic;
  std::vector<uint64_t> node_traffic;
  caf::actor_clock::time_point last_progress;

  void begin(const deployed_ptr& job);
  caf::result<std::string> on_command(const std::string& line);
  void on_result(const tensor_message& what);
  void on_norm(uint64_t step, group_id group, double norm);
  void on_credit(uint64_t step, uint32_t micro_batch, group_id group);
  void on_written(uint64_t number, node_index node,
                  const std::vector<char>& slices);
  void on_unsaved(uint64_t number, node_index node, const caf::error& why);
  void on_peer_lost(node_index node);
  void on_failure(const caf::error& why);
  void stop();
  void watch();
  mover::effects effects_of_moves();

private:
  void connect(const deployed_ptr& job);

  void enter_boundary();
  void start_boundary();
  void leave_boundary();
  uint64_t save_period() const;
  uint64_t next_boundary(uint64_t step) const;
  bool is_due(uint64_t period) const;
  void publish(progress what);
  void notice(const std::string& text);

  // Steps, see trainer_steps.cpp.
  void pump();
  void pump_training();
  void issue(phase why, uint64_t step, uint32_t micro_batch,
             const examples& what);
  examples training_examples(uint64_t step, uint32_t micro_batch) const;
  void finish_step_if_complete(uint64_t step);
  caf::error diverged(const char* what, double value, uint64_t step) const;

  // Validation, see trainer_validating.cpp.
  void start_validation();
  void pump_validation();
  void on_validation_loss(const work_id& work, const loss_value& value);
  void finish_validation();
  validation_sample validated_examples() const;
  uint64_t validation_batches() const;

  // Generations, see trainer_saving.cpp.
  void start_saving();
  void commit_here(commit_waiter who);
  void save_now(bool verified);
  manifest next_manifest() const;
  void proceed(generation_writer::advice next);
  void commit();
  void on_committed(const manifest_ptr& committed);
  void give_up_generation(caf::error why);

  // The end, see trainer_ending.cpp.
  void come_to_boundary(uint64_t due);
  void end_if_done();
  void save_the_end();
  bool is_saved() const; ///< The step of this boundary.
  std::string why_early() const;
  void finish();
  std::string saved_so_far() const;
  std::string way_on() const; ///< With what is saved.

  // Lost nodes, see trainer_recovery.cpp.
  void on_lost(const std::string& address);
  void on_node_error(const std::string& address, const caf::error& why);
  void drop_work();
  void recover();
  void try_again(const caf::error& why);
  void set_up_anew(const rearrangement& to,
                   std::function<void(const caf::error&)> unclaimed,
                   const redeployed& who);
  deployment_ptr plan_of(const rearrangement& to, uint64_t epoch,
                         const std::string& token) const;
  void go_on(const deployed_ptr& job);

  // Nodes that come back, see trainer_returning.cpp.
  void look_for_the_lost();
  void take_back(const std::string& address);
  void stays_away(const std::string& address, const caf::error& why);

  // Deadlines, see trainer_watching.cpp.
  void ask_traffic(std::function<void()> then);
  void give_up();
  std::string waiting_for() const;

  // Commands, see trainer_commands.cpp.
  void refuse_all(const caf::error& why);
  void answer_at_boundary(request what);
  void ask_rebalance(request what);
  void serve(request what);
  nlohmann::json state_view(const char* command) const;

  // What shells see, see trainer_answers.cpp.
  void ask_statuses(std::function<void(const node_statuses&)> then);
  double steps_per_second() const;
  void answer_status(const reply& promise);
  std::vector<uint64_t> sent_by_nodes(const deployed_ptr& job,
                                      const node_statuses& all);
  void answer_nodes(const reply& promise);
  void answer_groups(const reply& promise);
  void answer_neuron(const command& what, const reply& promise);
  void answer_kill(const command& what, const reply& promise);

  result<node_index> index_of(const node_name& whom) const;
  std::string name_of_node(const std::string& address) const;

  // Moves, see trainer_moving.cpp.
  void start_move(request why);
  void start_join(request why);
  void start_rebalance(request why);
  void begin_move(moving what);
  void finish_move(moving done, const deployed_ptr& job);
  void call_off_move(moving what, const caf::error& why);
  std::string welcomed(const moving& done) const;
  void dismiss(request why, const roster::entry& whom);
  void finish_request(moving done);
  void refuse(const request& what, const caf::error& why);
};

trainer_actor::behavior_type run_trainer(trainer_state::pointer self,
                                         trainer_settings how);

} // namespace nnactor
