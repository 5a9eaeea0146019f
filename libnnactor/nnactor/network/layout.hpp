#pragma once

#include "nnactor/defaults.hpp"
#include "nnactor/network/network.hpp"

#include <optional>
#include <string>

namespace nnactor {

// What a network may be at most, so that no product of two of its sizes wraps
// around, whoever wrote it.
constexpr uint64_t most_layers = uint64_t{1} << 16;
constexpr uint64_t most_neurons = uint64_t{1} << 40;
constexpr uint64_t most_columns = uint64_t{1} << 40;
constexpr uint64_t most_parameters = uint64_t{1} << 56;
constexpr uint32_t most_time_steps = uint32_t{1} << 16;
/// Of a sequence: all of its rows are in one micro-batch.
constexpr uint32_t most_positions = defaults::max_rows;
constexpr uint32_t most_clusters = uint32_t{1} << 20;
/// Of a layer: whoever splits it looks at each of them.
constexpr uint64_t most_sparse_connections = uint64_t{1} << 31;
constexpr uint64_t most_tokens = 0x7fffffff; ///< Tokens are i32.
constexpr size_t longest_name = 128;

/// Names that the first and the last layer have and no other may have.
constexpr const char* input_name = "input";
constexpr const char* loss_name = "loss";

/// What is wrong with which layer.
struct layout_error {
  layer_id layer = 0;
  std::string what;
};

/// Checks the structure of a network of which only names, kinds, activations,
/// units, inputs, delays, time steps, what is only of some kinds, and the width
/// and tokens of the input are known, and computes all other fields of its
/// layers. What comes from a user and what comes from a peer passes here alike.
std::optional<layout_error> lay_out(network& net);

} // namespace nnactor
