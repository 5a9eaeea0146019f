#pragma once

#include "nnactor/engine/chain.hpp"
#include "nnactor/group/block.hpp"
#include "nnactor/group/inbox.hpp"
#include "nnactor/group/routing.hpp"

#include <map>
#include <memory>
#include <set>

namespace nnactor {

/// What a group needs to know of its surroundings.
struct group_settings {
  uint64_t epoch = 0;
  uint64_t version = 0; ///< Updates that its parameters have seen.
  node_index self = 0;  ///< Its node, for messages to people.
  /// Its groups, which follow each other in the graph: see `find_chains`.
  std::vector<group> members;
  train_settings train;
  device_actor device;
  /// The same device, for what nothing else can be more urgent than. It is on
  /// the group's own core.
  std::shared_ptr<nnactor::device> kernels;
  driver_actor driver;
  persistence_actor persistence;
  bool outputs_stay = false;   ///< All who read them are on the same device.
  bool gradients_stay = false; ///< So are all whose outputs it reads.
  uint32_t time_steps = 1;     ///< Of an example.

  /// Whether there is such work: a peer may send what it likes.
  bool knows(const work_id& work) const {
    return work.epoch == epoch && work.time_step < time_steps
           && (work.why != phase::generate || train.pages > 0)
           && (train.learns || is_question(work.why))
           && (work.why != phase::train
               || work.micro_batch < train.micro_batches);
  }

  /// See `group::borrows`; who does is never in a chain.
  bool borrows() const {
    return members.back().borrows();
  }

  /// The group that gets inputs and sends gradients.
  const group& head() const {
    return members.front();
  }

  /// The group that sends outputs and gets gradients.
  const group& tail() const {
    return members.back();
  }
};

/// A neuron group, or a chain of them, as an actor: orders what arrives, leaves
/// all arithmetic to its program and all execution to its device. Every time
/// step of an example is a piece of work of its own, which delayed connections
/// tie to others.
///
///   forward inputs complete, version reached --> forward --> readers
///   gradients complete --> backward --> upstream, then accumulate (in the
///     order of micro-batches, when the device has nothing urgent)
///   last accumulate --> [norm --> driver --> update message] --> update
///   update --> version + 1 --> inputs that came early
///
/// Of two groups that share parameters, the lender adds up and updates for
/// both:
///
///   last accumulate of the borrower --> ready message --> the lender goes on
///   update of the lender --> ready message --> the borrower goes on
struct neuron_group_state {
  static inline const char* name = "neuron_group";

  using pointer = group_actor::stateful_pointer<neuron_group_state>;

  pointer self = nullptr;
  group_settings settings;
  std::shared_ptr<chain> program;
  routing_ptr routes;
  std::vector<sink_actor> readers; ///< Of its outputs.
  inbox inputs{{}};
  inbox gradients{{}};
  std::map<uint32_t, round_ptr> rounds; ///< By number, not yet computed.
  /// Members that tell the driver, see `closes_micro_batch`.
  std::vector<group_id> closing;
  std::map<uint32_t, uint32_t> returned; ///< Time steps, by micro-batch.
  uint64_t version = 0;                  ///< Updates seen by the parameters.
  piece accumulated;             ///< The next one of this step to accumulate.
  std::set<piece> unaccumulated; ///< Backward done, accumulate not sent.
  uint32_t accumulates = 0;      ///< Sent, not done.
  bool norm_sent = false;        ///< Waiting for the driver's scale.
  bool added_up = false;         ///< All gradients of this step.
  bool twin_added_up = false;    ///< The borrower has, too.
  std::map<uint64_t, uint64_t> saves; ///< Step to generation, not yet due.

  // For people, see `status`.
  std::set<piece> awaiting_gradients; ///< Forward done in training.
  uint32_t blocks = 0;                ///< At the device.
  caf::actor_clock::time_point last_activity;

  void init(pointer parent, group_settings how,
            std::vector<program_ptr> programs);

  void on_routes(const routing_ptr& what);
  void on_tensor(const tensor_message& what);
  void on_round(uint32_t number, const round_ptr& what);
  void on_update(uint64_t step, float scale);
  void on_ready(uint64_t step);
  void on_save(uint64_t generation, uint64_t step);
  void on_block(block& done);
  caf::result<parameters_ptr> on_peek(group_id which);
  group_status status(group_id which) const;

  /// Index of a group among the members, their number if it is none.
  size_t member(group_id which) const;

private:
  void on_input(const tensor_message& what);
  void on_gradient(const tensor_message& what);
  void start_forward(const work_id& work);
  void start_answer(const work_id& work, const std::vector<tensor>& values,
                    const round_rows* round);
  void send_output(const work_id& work, const sent_output& what);
  void start_backward(const work_id& work);
  void run_backward(const work_id& work, std::vector<tensor> values);
  void send_gradients(const work_id& work, const std::vector<tensor>& values);
  void give_credit(const work_id& work);
  void start_accumulates();
  void finish_step();
  void start_norms();
  void tell_twin();
  void start_update(float scale);
  void enter_version(uint64_t next);
  void start_save(uint64_t generation);
  void report(caf::error what);

  /// @param what For traces.
  /// When a block runs, see there.
  struct turn {
    urgency urgent = urgency::idle;
    uint32_t micro_batch = 0;
  };

  void execute(const char* what, turn when, std::function<void(device&)> run,
               std::function<void()> then);
};

group_actor::behavior_type neuron_group(neuron_group_state::pointer self,
                                        group_settings how,
                                        std::vector<program_ptr> programs);

} // namespace nnactor
