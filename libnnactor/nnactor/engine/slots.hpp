#pragma once

#include "nnactor/neuron/neuron_set.hpp"
#include "nnactor/tensor/tensor.hpp"

namespace nnactor {

/// Returns which of some neurons units i32 of a layer are, -1 for those that
/// are not among them.
/// @param first Id of the layer's first neuron.
inline tensor slots_of(const neuron_set& neurons, neuron_id first,
                       const tensor& units) {
  auto in = units.values<int32_t>();
  tensor_builder<int32_t> out{units.extent()};
  for (size_t i = 0; i < in.size(); ++i) {
    auto slot = neurons.slot_of(first + static_cast<uint64_t>(in[i]));
    out.values()[i] = slot ? static_cast<int32_t>(*slot) : -1;
  }
  return std::move(out).share();
}

} // namespace nnactor
