#include "nnactor/engine/initial_parameters.hpp"

#include "nnactor/engine/layer_kinds.hpp"
#include "nnactor/neuron/random.hpp"

namespace nnactor {

float initial_bound(const layer& what) {
  return type_of(what.kind).initial_bound(what);
}

void draw_weights(const layer& what, uint64_t seed, neuron_id neuron,
                  std::span<float> row) {
  auto bound = initial_bound(what);
  counter_random random{seed, neuron};
  for (size_t column = 0; column < row.size(); ++column)
    row[column] = bound * (2.0f * random.uniform(column) - 1.0f);
}

} // namespace nnactor
