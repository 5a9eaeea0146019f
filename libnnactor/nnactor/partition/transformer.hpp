#pragma once

#include <cstdint>
#include <optional>

namespace nnactor {

// What a transformer takes and how long it takes on many equal devices, in
// closed forms. Sources: Pope et al., arXiv 2211.05102 (inference),
// Megatron-LM, arXiv 2104.04473 (pipelines), Thakur et al., IJHPCA 2005
// (collectives). Times are in seconds, sizes in bytes.

/// Equal layers of attention and a perceptron.
struct transformer_shape {
  uint64_t layers = 0;
  uint64_t hidden = 0;       ///< h
  uint64_t mlp = 0;          ///< f, width of the perceptron.
  uint32_t mlp_matrices = 2; ///< k: 2, or 3 where it is gated.
  uint32_t value_bytes = 2;  ///< Of weights, activations and KV cache.

  /// 4 h^2 + k h f
  double layer_parameters() const;
  double parameters() const;
  /// Of weights.
  double layer_bytes() const;
  /// Of the KV cache for one token: keys and values.
  double kv_bytes_per_token() const;
};

/// What is asked of it at once.
struct transformer_load {
  double sequences = 1; ///< b
  double context = 1;   ///< s, tokens that each has so far.

  double tokens() const {
    return sequences * context;
  }
};

/// One of many equal devices.
struct device_model {
  double peak = 0;      ///< Floating-point operations a second.
  double bandwidth = 0; ///< Of its memory.
  double cache = 0;
  double memory = 0;     ///< 0: not considered.
  double efficiency = 1; ///< Share of the peak that products reach.
};

enum class collective : uint8_t {
  ring,     ///< 2 (t-1) alpha + 2 (t-1)/t n/beta
  two_step, ///< Through a switch: 2 alpha and the same volume.
};

/// What connects any two of them.
struct link_model {
  double latency = 0;   ///< alpha
  double bandwidth = 0; ///< beta
  collective kind = collective::ring;
};

/// Devices that are near each other, and many such.
struct server_model {
  uint64_t devices = 1;
  link_model inside;
  link_model between; ///< Any two servers; its bandwidth is that of a server.
};

/// Stages of equally many layers, each over so many devices.
struct parallel_layout {
  uint64_t tensor_ways = 1;   ///< t, devices that share each layer.
  uint64_t stages = 1;        ///< p
  uint64_t micro_batches = 1; ///< m, in flight at once.

  uint64_t devices() const {
    return tensor_ways * stages;
  }
};

/// Where the time of a step goes, by cause. A step of decoding gives every
/// sequence one token, a step of prefill takes in all of their contexts.
struct step_time {
  double compute = 0; ///< Beyond what memory takes anyway.
  double memory = 0;
  double communication = 0;

  double total() const {
    return compute + memory + communication;
  }
};

double all_reduce_time(double bytes, uint64_t ways, const link_model& link);

/// Steady state: the micro-batches follow each other through the stages. A step
/// takes m times the time of a stage with one of them, but no less than one of
/// them takes through all stages: its next token needs its last.
step_time decode_time(const transformer_shape& what,
                      const transformer_load& load, const device_model& device,
                      const link_model& link, const parallel_layout& how);

step_time prefill_time(const transformer_shape& what,
                       const transformer_load& load, const device_model& device,
                       const link_model& link, const parallel_layout& how);

/// What no split can beat on so many devices: weights and, if asked for, KV
/// caches read once a step of decoding; products at the full peak in prefill.
double decode_floor(const transformer_shape& what, const transformer_load& load,
                    const device_model& device, uint64_t devices, bool with_kv);
double prefill_floor(const transformer_shape& what,
                     const transformer_load& load, const device_model& device,
                     uint64_t devices);

/// Devices whose caches, filled to that share, hold all weights.
uint64_t devices_to_reside(const transformer_shape& what,
                           const device_model& device, double share);

/// As above, on servers that the ways of a stage and the stages fill one after
/// the other. Collectives over several servers are hierarchical: inside,
/// between, inside.
step_time decode_time(const transformer_shape& what,
                      const transformer_load& load, const device_model& device,
                      const server_model& server, const parallel_layout& how);

/// Weights, KV caches and activations at the borders of stages that one device
/// holds.
double device_bytes(const transformer_shape& what, const transformer_load& load,
                    const parallel_layout& how);

/// The layout that decodes most, and what it does.
struct decode_plan {
  parallel_layout how;
  double sequences = 0; ///< At once: as many as memory holds, or are asked for.
  step_time step;

  double tokens_per_s() const {
    return sequences / step.total();
  }
};

/// Tries every power of two of ways, every number of stages and every power of
/// two of micro-batches. Where the servers are more than one copy of the
/// network can use, the others stay idle. Nothing if it does not fit their
/// memory.
std::optional<decode_plan> fastest_decode(const transformer_shape& what,
                                          const transformer_load& load,
                                          const device_model& device,
                                          const server_model& server,
                                          uint64_t servers);

} // namespace nnactor
