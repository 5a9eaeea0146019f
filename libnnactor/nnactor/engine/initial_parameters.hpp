#pragma once

#include "nnactor/network/network.hpp"

#include <span>

namespace nnactor {

/// What parameters start from.
enum class initial : uint8_t {
  drawn, ///< From the seed and the ids of neurons alone.
  zero,  ///< For who loads them at once.
};

/// Returns the bound of the uniform distribution that the weights of a layer
/// are drawn from: sqrt(6 / fan_in) before relu and gelu (He et al., arXiv
/// 1502.01852), sqrt(6 / (fan_in + units)) before others (Glorot and Bengio,
/// AISTATS 2010). Embeddings have no fan-in; theirs is a constant.
/// A sparse layer counts its degree for both fans.
float initial_bound(const layer& what);

/// Fills the weights of one neuron, columns in canonical order, from (seed,
/// neuron, column) alone, so that every partition starts from the same
/// network. Biases start at 0.
/// @pre `row.size() == what.row_width`
void draw_weights(const layer& what, uint64_t seed, neuron_id neuron,
                  std::span<float> row);

} // namespace nnactor
