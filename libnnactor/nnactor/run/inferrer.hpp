#pragma once

#include "nnactor/run/driver_port.hpp"

#include <deque>
#include <map>

namespace nnactor {

/// Drives a deployed network in inference.
using inferrer_actor = driver_actor::extend<
    // Outputs, from the gate.
    caf::reacts_to<tensor_message>,
    // Everything is set up.
    caf::reacts_to<ready_atom, deployed_ptr>,
    // Inputs [rows, time steps x input width]; returns the outputs [rows, time
    // steps x output width].
    caf::replies_to<infer_atom, tensor>::with<tensor>>;

struct inferrer_state {
  static inline const char* name = "inferrer";

  using pointer = inferrer_actor::stateful_pointer<inferrer_state>;
  using promise = caf::typed_response_promise<tensor>;

  /// A request that waits for its turn.
  struct question {
    tensor inputs;
    promise answer;
  };

  pointer self = nullptr;
  gate_actor gate;
  uint32_t window = 1;
  deployed_ptr network;
  driver_port port;
  uint32_t next = 0; ///< Number of the next micro-batch.
  std::deque<question> waiting;
  /// A question that has been sent.
  struct open_question {
    promise answer;
    uint64_t rows = 0;
    std::map<uint32_t, tensor> outputs; ///< By time step.
  };

  std::map<uint32_t, open_question> open; ///< By micro-batch.
  caf::error broken; ///< Why nothing can be answered any more.

  void begin(const deployed_ptr& job);
  caf::result<tensor> ask(const tensor& inputs);
  void on_answer(const tensor_message& what);
  void on_failure(const caf::error& why);

private:
  void pump();
  caf::error check(const tensor& inputs) const;
};

/// @param gate Of the driver's process.
/// @param window Micro-batches in flight at most.
inferrer_actor::behavior_type run_inferrer(inferrer_state::pointer self,
                                           gate_actor gate, uint32_t window);

} // namespace nnactor
