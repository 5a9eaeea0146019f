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

/// Fills what one neuron has of one of its layer's parameters that multiply,
/// columns in canonical order, from (seed, neuron, place among all of the
/// neuron's) alone, so that every partition starts from the same network.
/// @param parameter Index into `layer::parameter_rows`.
void draw_weights(const layer& what, size_t parameter, uint64_t seed,
                  neuron_id neuron, std::span<float> row);

} // namespace nnactor
