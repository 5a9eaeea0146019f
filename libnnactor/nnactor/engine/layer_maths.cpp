#include "nnactor/engine/layer_maths.hpp"

#include "nnactor/engine/initial_parameters.hpp"
#include "nnactor/engine/layer_kinds.hpp"
#include "nnactor/tensor/page_buffer.hpp"

#include <algorithm>

namespace nnactor {

layer_maths::layer_maths(const layer& what, uint64_t neurons,
                         const std::vector<column_run>& runs,
                         const train_settings& how) {
  for (const auto& x : what.parameter_rows())
    parameters_.emplace_back(x.name, shape{neurons, x.columns}, x.multiplies,
                             x.multiplies ? runs : std::vector<column_run>{},
                             how);
}

namespace {

/// Fills the parameter of that index with what it starts from.
void initialise(learnable& values, const layer& what, size_t parameter,
                const neuron_set& neurons, uint64_t seed) {
  auto extent = values.extent();
  tensor_builder<float> rows{extent,
                             page_buffer(extent.size() * sizeof(float))};
  auto how = what.parameter_rows()[parameter];
  uint64_t slot = 0;
  for (const auto& ids : neurons.intervals())
    for (auto id = ids.begin; id < ids.end; ++id) {
      auto row = view(rows).row(slot++);
      if (how.multiplies)
        draw_weights(what, parameter, seed, id, row);
      else
        std::ranges::fill(row, how.start);
    }
  values.assign(as_const(view(rows)));
}

} // namespace

std::unique_ptr<layer_maths>
make_layer_maths(const network& net, const group_graph& graph, const group& of,
                 const train_settings& how, initial values) {
  auto& what = net.layers[of.layer];
  auto out = type_of(what.kind).make(net, graph, of, how);
  if (values == initial::zero)
    return out;
  auto rows = what.parameter_rows();
  for (size_t i = 0; i < rows.size(); ++i)
    if (rows[i].multiplies || rows[i].start != 0)
      initialise(out->parameters()[i], what, i, of.neurons, how.seed);
  return out;
}

} // namespace nnactor
