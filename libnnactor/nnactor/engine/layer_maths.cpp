#include "nnactor/engine/layer_maths.hpp"

#include "nnactor/engine/initial_parameters.hpp"
#include "nnactor/engine/layer_kinds.hpp"
#include "nnactor/tensor/page_buffer.hpp"

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

/// Weights start at random, what is added to them at 0.
void initialise(learnable& weights, const layer& what,
                const neuron_set& neurons, uint64_t seed) {
  auto extent = weights.extent();
  tensor_builder<float> rows{extent,
                             page_buffer(extent.size() * sizeof(float))};
  uint64_t slot = 0;
  for (const auto& ids : neurons.intervals())
    for (auto id = ids.begin; id < ids.end; ++id)
      draw_weights(what, seed, id, view(rows).row(slot++));
  weights.assign(as_const(view(rows)));
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
    if (rows[i].multiplies)
      initialise(out->parameters()[i], what, of.neurons, how.seed);
  return out;
}

} // namespace nnactor
