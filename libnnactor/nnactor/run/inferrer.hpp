#pragma once

#include "nnactor/run/driver_port.hpp"
#include "nnactor/run/loading_progress.hpp"
#include "nnactor/run/membership.hpp"
#include "nnactor/run/redeploy.hpp"
#include "nnactor/run/text_writer.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>

namespace nnactor {

/// Drives a deployed network in inference.
using inferrer_actor = driver_actor::extend<
    // Outputs, from the gate.
    caf::reacts_to<tensor_message>,
    // Everything is set up.
    caf::reacts_to<ready_atom, deployed_ptr>,
    // Inputs [rows, time steps x input width]; returns the outputs [rows, time
    // steps x output width].
    caf::replies_to<infer_atom, tensor>::with<tensor>,
    // A round and its tokens [rows, 1]; returns the logits of the rows that are
    // wanted, none where nodes have been set up anew since there was that
    // cache.
    caf::replies_to<round_atom, uint64_t /*cache*/, token_round,
                    tensor>::with<written_rows>,
    // Look after lost nodes; sent to itself.
    caf::reacts_to<watch_atom>>;

struct inferrer_settings {
  gate_actor gate;               ///< Of the driver's process.
  distributor_actor distributor; ///< Of the driver's process.
  uint32_t window = 1;           ///< Micro-batches in flight at most.
  uint32_t devices = 1;          ///< Used on each node.
  caf::actor observer = {};      ///< Gets `progress_ptr` of loading, or null.
  /// Nodes that end for good when they end: this process has started them.
  std::set<std::string> own_nodes = {};
};

/// Asks as many questions at once as the window allows. When nodes are lost,
/// their groups go to the others, and back when they answer again; what was not
/// answered is asked again each time.
struct inferrer_state {
  static inline const char* name = "inferrer";

  using pointer = inferrer_actor::stateful_pointer<inferrer_state>;
  using promise = caf::typed_response_promise<tensor>;

  /// A request that waits for its turn, or for its outputs.
  struct question {
    tensor inputs;
    promise answer;
    std::map<uint32_t, tensor> outputs = {}; ///< By time step.
  };

  /// A round that waits for nodes, or for its logits.
  struct written_round {
    uint64_t cache = 0;
    token_round what;
    tensor tokens;
    caf::typed_response_promise<written_rows> answer;
  };

  pointer self = nullptr;
  inferrer_settings settings;
  loading_progress loading;
  deployed_ptr network;
  driver_port port;
  uint32_t next = 0; ///< Number of the next micro-batch.
  std::deque<question> waiting;
  std::map<uint32_t, question> open; ///< By micro-batch.
  std::vector<written_round> waiting_rounds;
  std::map<uint32_t, written_round> open_rounds; ///< By number.
  membership nodes;
  recovery way_back;
  uint64_t epoch = 0; ///< Newest that was tried.
  caf::error broken;  ///< Why nothing can be answered any more.

  void begin(const deployed_ptr& job);
  caf::result<tensor> ask(const tensor& inputs);
  caf::result<written_rows> write(uint64_t cache, const token_round& what,
                                  const tensor& tokens);
  void on_answer(const tensor_message& what);
  void on_peer_lost(uint64_t epoch, node_index node);
  void on_failure(const caf::error& why);
  bool is_answering() const;
  void watch();

private:
  void connect(const deployed_ptr& job);
  void on_lost(const std::string& address);
  void drop_work();
  void recover();
  void try_again(const caf::error& why);
  void set_up_anew(const rearrangement& to, const redeployed& who);
  void look_for_the_lost();
  void take_back(const std::string& address);
  void pump();
  void pump_rounds();
  void send_round(written_round what);
  void on_logits(const tensor_message& what);
  caf::error check(const tensor& inputs) const;
};

inferrer_actor::behavior_type run_inferrer(inferrer_state::pointer self,
                                           inferrer_settings how);

} // namespace nnactor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::written_rows)
