#include "nnactor/engine/peek.hpp"

#include <algorithm>
#include <limits>

namespace nnactor {

namespace {

std::span<const float> row_of(const parameter_set& of, const char* name,
                              uint64_t slot) {
  auto found = std::ranges::find(of.parameters, name, &parameter::name);
  if (found == of.parameters.end())
    return {};
  auto columns = found->values.extent().columns;
  return found->values.values<float>().subspan(slot * columns, columns);
}

} // namespace

std::vector<float> weights_into(const parameter_set& of, neuron_id neuron) {
  std::vector<float> out;
  if (auto slot = of.neurons.slot_of(neuron))
    for (const auto* name : {"weight", "bias"}) {
      auto row = row_of(of, name, *slot);
      out.insert(out.end(), row.begin(), row.end());
    }
  return out;
}

std::vector<float> weights_from(const network& net, const parameter_set& of,
                                neuron_id source) {
  auto positions = net.layers[net.layer_of(source)].positions;
  std::vector<float> out;
  out.reserve(of.neurons.size() * positions);
  for (uint64_t slot = 0; slot < of.neurons.size(); ++slot) {
    auto row = row_of(of, "weight", slot);
    for (uint64_t p = 0; p < positions; ++p) {
      auto column = column_of(net, of.layer, source, p);
      out.push_back(column && *column < row.size()
                        ? row[*column]
                        : std::numeric_limits<float>::quiet_NaN());
    }
  }
  return out;
}

} // namespace nnactor
