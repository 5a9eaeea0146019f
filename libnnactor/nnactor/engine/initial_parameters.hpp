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
/// are drawn from, which its kind decides.
float initial_bound(const layer& what);

/// Fills the weights of one neuron, columns in canonical order, from (seed,
/// neuron, column) alone, so that every partition starts from the same
/// network. Biases start at 0.
/// @pre `row.size() == what.row_width`
void draw_weights(const layer& what, uint64_t seed, neuron_id neuron,
                  std::span<float> row);

} // namespace nnactor
