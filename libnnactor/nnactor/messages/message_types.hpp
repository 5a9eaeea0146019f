#pragma once

#include "nnactor/engine/phase.hpp"
#include "nnactor/engine/piece.hpp"
#include "nnactor/engine/token_round.hpp"
#include "nnactor/fwd.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/partition/group_graph.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace nnactor {

// -- atoms --------------------------------------------------------------------

using hello_atom = caf::atom_constant<caf::atom("hello")>;
using join_atom = caf::atom_constant<caf::atom("join")>;
using peer_atom = caf::atom_constant<caf::atom("peer")>;
using dial_atom = caf::atom_constant<caf::atom("dial")>;
using deploy_atom = caf::atom_constant<caf::atom("deploy")>;
using leave_atom = caf::atom_constant<caf::atom("leave")>;
using update_atom = caf::atom_constant<caf::atom("update")>;
using norm_atom = caf::atom_constant<caf::atom("norm")>;
using credit_atom = caf::atom_constant<caf::atom("credit")>;
using save_atom = caf::atom_constant<caf::atom("save")>;
using written_atom = caf::atom_constant<caf::atom("written")>;
using commit_atom = caf::atom_constant<caf::atom("commit")>;
using claim_atom = caf::atom_constant<caf::atom("claim")>;
using failed_atom = caf::atom_constant<caf::atom("failed")>;
using traffic_atom = caf::atom_constant<caf::atom("traffic")>;
using infer_atom = caf::atom_constant<caf::atom("infer")>;
using watch_atom = caf::atom_constant<caf::atom("watch")>;
using ready_atom = caf::atom_constant<caf::atom("ready")>;
using command_atom = caf::atom_constant<caf::atom("command")>;
using status_atom = caf::atom_constant<caf::atom("status")>;
using peek_atom = caf::atom_constant<caf::atom("peek")>;
using probe_atom = caf::atom_constant<caf::atom("probe")>;
using kill_atom = caf::atom_constant<caf::atom("kill")>;
using loading_atom = caf::atom_constant<caf::atom("loading")>;
using unsaved_atom = caf::atom_constant<caf::atom("unsaved")>;
using lost_atom = caf::atom_constant<caf::atom("lost")>;
using look_atom = caf::atom_constant<caf::atom("look")>;
using round_atom = caf::atom_constant<caf::atom("round")>;
using stop_atom = caf::atom_constant<caf::atom("stop")>;

// -- tensors ------------------------------------------------------------------

/// Values are part of the wire format.
enum class direction : uint8_t {
  forward = 0,  ///< The output of `producer`.
  backward = 1, ///< The gradient of `consumer`'s output, by `producer`.
};

/// One time step of one micro-batch of one step of one epoch. In training and
/// evaluation the step is the number of updates that the parameters must have
/// seen; groups hold what comes early and drop what comes late.
struct work_id {
  uint64_t epoch = 0;
  uint64_t step = 0;
  phase why = phase::train;
  uint32_t micro_batch = 0;
  uint32_t time_step = 0; ///< Of its examples.

  piece what() const {
    return {micro_batch, time_step};
  }

  friend auto operator<=>(const work_id&, const work_id&) = default;
};

std::string to_string(const work_id& work);

/// What a tensor is, on every data message.
struct tensor_key {
  work_id work;
  layer_id layer = 0; ///< Of the producer.
  direction way = direction::forward;
  group_id producer = 0;
  group_id consumer = 0; ///< Backward: whose output. Forward: who alone reads
                         ///< it, or 0: the gate of each node knows who does.

  friend auto operator<=>(const tensor_key&, const tensor_key&) = default;
};

/// A tensor between actors of one process: its bytes are shared.
struct tensor_message {
  tensor_key key;
  tensor value;
};

/// At most `defaults::piece_bytes` of a tensor on a link.
struct tensor_piece {
  tensor_key key;
  dtype type = dtype::f32;
  shape extent;
  uint64_t offset = 0; ///< Of `bytes` in the tensor.
  shared_bytes bytes;
};

// -- cluster ------------------------------------------------------------------

/// What a node says about itself when it is met.
struct node_info {
  std::string version; ///< Of the program, see `protocol_version`.
  std::string host;
  uint32_t process = 0; ///< Process id.
  uint32_t cores = 0;
  uint64_t memory = 0;      ///< Of the machine, in bytes.
  uint64_t free_memory = 0; ///< Of the machine, now; 0: unknown, as below.
  uint64_t used_memory = 0; ///< By this process, now.
  uint64_t idle_memory = 0; ///< By this process before it had a job.
  /// That its devices have to themselves, together; 0: they use the machine's.
  uint64_t device_memory = 0;
  uint32_t devices = 0;
  std::string device; ///< Name of its devices.
  uint64_t speed = 0; ///< Of all its devices, in Mflop/s.
  /// Of one device, measured as `speed` is; 0: not measured.
  uint64_t packed_speed = 0; ///< In bfloat16, Mflop/s.
  uint64_t cache = 0;        ///< Bytes for weights.
  uint64_t cache_speed = 0;  ///< Reading from there, MB/s.
  uint64_t memory_speed = 0; ///< Reading from memory, MB/s.
};

/// What a node has set up.
struct node_report {
  uint32_t groups = 0;
  uint64_t neurons = 0;
  uint64_t parameters = 0;
  std::string table; ///< File of its connection table, empty if not written.
  uint64_t table_bytes = 0; ///< That the table takes in memory.
};

/// What a group lacks to go on. Values are part of the wire format.
enum class wait_kind : uint8_t {
  nothing = 0,    ///< It works.
  activation = 1, ///< The output of `of_group`.
  gradient = 2,   ///< The gradient of its output by `of_group`.
  update = 3,     ///< The driver's word on the scale of the gradients.
};

/// A group as it is now.
struct group_status {
  group_id group = 0;
  uint64_t version = 0; ///< Updates that its parameters have seen.
  uint64_t busy_ns = 0; ///< Time its blocks took since it was deployed.
  wait_kind waits_for = wait_kind::nothing;
  group_id of_group = 0;
  uint64_t step = 0; ///< Of what it waits for.
  uint32_t micro_batch = 0;
  uint64_t waited_ms = 0; ///< Since it last had anything to do.
};

/// A node as it is now.
struct node_status {
  uint64_t sent_bytes = 0; ///< Of tensors over links, since it was deployed.
  uint64_t memory = 0;     ///< That its process takes, in bytes.
  std::vector<group_status> groups;
};

/// Nodes talk only to nodes that say the same.
extern const char* const protocol_version;

// -- inspection ---------------------------------------------------------------

// CAF corrupts floats and copies sequences element by element, so everything
// on a wire is integers, strings and raw bytes.

caf::error inspect(caf::serializer& sink, shared_bytes& x);
caf::error inspect(caf::deserializer& source, shared_bytes& x);
std::string to_string(const shared_bytes& x);

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, work_id& x) {
  return f(caf::meta::type_name("work_id"), x.epoch, x.step, x.why,
           x.micro_batch, x.time_step);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tensor_key& x) {
  return f(caf::meta::type_name("tensor_key"), x.work, x.layer, x.way,
           x.producer, x.consumer);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tensor_piece& x) {
  return f(caf::meta::type_name("tensor_piece"), x.key, x.type, x.extent.rows,
           x.extent.columns, x.offset, x.bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, round_part& x) {
  return f(caf::meta::type_name("round_part"), x.first, x.rows, x.wanted,
           x.pages);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, token_round& x) {
  return f(caf::meta::type_name("token_round"), x.parts);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_info& x) {
  return f(caf::meta::type_name("node_info"), x.version, x.host, x.process,
           x.cores, x.memory, x.free_memory, x.used_memory, x.idle_memory,
           x.device_memory, x.devices, x.device, x.speed, x.packed_speed,
           x.cache, x.cache_speed, x.memory_speed);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_report& x) {
  return f(caf::meta::type_name("node_report"), x.groups, x.neurons,
           x.parameters, x.table, x.table_bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, group_status& x) {
  return f(caf::meta::type_name("group_status"), x.group, x.version, x.busy_ns,
           x.waits_for, x.of_group, x.step, x.micro_batch, x.waited_ms);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, node_status& x) {
  return f(caf::meta::type_name("node_status"), x.sent_bytes, x.memory,
           x.groups);
}

/// Announces every type above, and every actor interface that crosses a wire.
void add_message_types(caf::actor_system_config& config);

} // namespace nnactor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::tensor_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::tensor)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::block_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::deployment_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::manifest_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::parameters_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::programs_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::carried_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::progress_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::round_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(nnactor::routing_ptr)
