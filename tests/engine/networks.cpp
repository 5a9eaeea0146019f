#include "engine/networks.hpp"

namespace nnactor {

namespace {

/// Finds the row of a neuron among all groups that were saved.
std::span<const float> find_row(const std::vector<parameter_set>& saved,
                                size_t index, neuron_id id) {
  for (const auto& from : saved)
    if (auto slot = from.neurons.slot_of(id)) {
      const auto& values = from.parameters[index].values;
      auto columns = values.extent().columns;
      return values.values<float>().subspan(*slot * columns, columns);
    }
  FAIL("a neuron was not saved");
  return {};
}

} // namespace

std::vector<parameter_set> regroup(const std::vector<parameter_set>& saved,
                                   const group_graph& graph) {
  std::vector<parameter_set> out;
  for (const auto& to : graph.groups) {
    if (to.kind != group_kind::neurons)
      continue;
    auto like = std::ranges::find(saved, to.layer, &parameter_set::layer);
    parameter_set set{to.layer, to.neurons, {}};
    for (size_t i = 0; i < like->parameters.size(); ++i) {
      const auto& [name, values] = like->parameters[i];
      shape extent{to.neurons.size(), values.extent().columns};
      tensor_builder<float> rows{extent};
      for (uint64_t slot = 0; slot < extent.rows; ++slot)
        std::ranges::copy(find_row(saved, i, to.neurons.id_at(slot)),
                          rows.values()
                              .subspan(slot * extent.columns, extent.columns)
                              .begin());
      set.parameters.push_back({name, std::move(rows).share()});
    }
    out.push_back(std::move(set));
  }
  return out;
}

} // namespace nnactor
