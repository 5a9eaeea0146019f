#include "nnactor/engine/initial_parameters.hpp"

#include "nnactor/engine/layer_kinds.hpp"
#include "nnactor/neuron/random.hpp"

namespace nnactor {

float initial_bound(const layer& what) {
  return type_of(what.kind).initial_bound(what);
}

void draw_weights(const layer& what, size_t parameter, uint64_t seed,
                  neuron_id neuron, std::span<float> row) {
  auto bound = initial_bound(what);
  uint64_t place = 0;
  auto rows = what.parameter_rows();
  for (size_t i = 0; i < parameter; ++i)
    place += rows[i].columns;
  counter_random random{seed, neuron};
  for (auto& value : row)
    value = bound * (2.0f * random.uniform(place++) - 1.0f);
}

} // namespace nnactor
