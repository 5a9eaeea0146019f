#include "nnactor/engine/initial_parameters.hpp"

#include "nnactor/neuron/random.hpp"

#include <cmath>

namespace nnactor {

namespace {

// Adam moves a value by its rate a step at most, so a table that starts large
// stays random for long. Measured on a license text, a language model has a
// lower validation loss after 500 steps with 0.1 than with 0.05, 0.2, 0.5, 1 or
// sqrt(3), the bound of unit variance.
constexpr float embedding_bound = 0.1f;

} // namespace

float initial_bound(const layer& what) {
  if (what.kind == layer_kind::embedding)
    return embedding_bound;
  auto fan_in = static_cast<double>(what.row_width);
  // Where few read a neuron, as many do on average as it reads itself.
  auto fan_out = static_cast<double>(
      what.kind == layer_kind::sparse ? what.row_width : what.units);
  auto rectified = what.act == activation::relu || what.act == activation::gelu;
  return static_cast<float>(
      std::sqrt(6.0 / (rectified ? fan_in : fan_in + fan_out)));
}

void draw_weights(const layer& what, uint64_t seed, neuron_id neuron,
                  std::span<float> row) {
  auto bound = initial_bound(what);
  counter_random random{seed, neuron};
  for (size_t column = 0; column < row.size(); ++column)
    row[column] = bound * (2.0f * random.uniform(column) - 1.0f);
}

} // namespace nnactor
