#include "engine/networks.hpp"

namespace nnactor {

namespace {

/// Finds the row of a neuron among all groups of a layer that were saved.
std::span<const float> find_row(const std::vector<parameter_set>& saved,
                                layer_id layer, size_t index, neuron_id id) {
  for (const auto& from : saved) {
    auto slot = from.neurons.slot_of(id);
    if (from.layer == layer && slot) {
      const auto& values = from.parameters[index].values;
      auto columns = values.extent().columns;
      return values.values<float>().subspan(*slot * columns, columns);
    }
  }
  FAIL("a neuron was not saved");
  return {};
}

/// The rows that a group has of one parameter.
parameter rows_of(const std::vector<parameter_set>& saved, const group& to,
                  size_t index, const parameter& like) {
  shape extent{to.neurons.size(), like.values.extent().columns};
  tensor_builder<float> rows{extent};
  for (uint64_t slot = 0; slot < extent.rows; ++slot)
    std::ranges::copy(
        find_row(saved, to.layer, index, to.neurons.id_at(slot)),
        rows.values().subspan(slot * extent.columns, extent.columns).begin());
  return {like.name, std::move(rows).share()};
}

} // namespace

partition firsts_apart(const network& net) {
  neuron_set firsts;
  for (const auto& x : net.layers)
    if (x.units > 0)
      firsts = unite(firsts, neuron_set::range(x.first, x.first + 1));
  return {{firsts, subtract(neuron_set::range(0, net.neuron_count()), firsts)}};
}

std::vector<parameter_set> regroup(const std::vector<parameter_set>& saved,
                                   const group_graph& graph) {
  std::vector<parameter_set> out;
  for (const auto& to : graph.groups) {
    if (to.kind != group_kind::neurons)
      continue;
    auto like = std::ranges::find(saved, to.layer, &parameter_set::layer);
    if (like == saved.end())
      continue;
    parameter_set set{to.layer, to.neurons, {}};
    for (size_t i = 0; i < like->parameters.size(); ++i)
      set.parameters.push_back(rows_of(saved, to, i, like->parameters[i]));
    out.push_back(std::move(set));
  }
  return out;
}

} // namespace nnactor
