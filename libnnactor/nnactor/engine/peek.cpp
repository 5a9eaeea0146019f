#include "nnactor/engine/peek.hpp"

#include "nnactor/network/sparse.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace nnactor {

namespace {

std::span<const float> row_of(const parameter_set& of, const std::string& name,
                              uint64_t slot) {
  auto found = std::ranges::find(of.parameters, name, &parameter::name);
  if (found == of.parameters.end())
    return {};
  auto columns = found->values.extent().columns;
  return found->values.values<float>().subspan(slot * columns, columns);
}

/// Returns where a value stands in an ascending list.
std::optional<uint64_t> index_of(const std::vector<uint64_t>& in,
                                 uint64_t value) {
  auto at = std::ranges::lower_bound(in, value);
  if (at == in.end() || *at != value)
    return std::nullopt;
  return static_cast<uint64_t>(at - in.begin());
}

} // namespace

std::vector<float> weights_into(const network& net, const parameter_set& of,
                                neuron_id neuron) {
  std::vector<float> out;
  if (auto slot = of.neurons.slot_of(neuron))
    for (const auto& x : net.layers[of.layer].parameter_rows()) {
      auto row = row_of(of, x.name, *slot);
      out.insert(out.end(), row.begin(), row.end());
    }
  return out;
}

std::vector<uint64_t> columns_into(const network& net, layer_id reader,
                                   neuron_id neuron) {
  if (net.layers[reader].kind == layer_kind::sparse)
    return sparse_connections{net, reader}.of(neuron);
  std::vector<uint64_t> all(net.layers[reader].row_width);
  std::iota(all.begin(), all.end(), uint64_t{0});
  return all;
}

std::vector<float> weights_from(const network& net, const parameter_set& of,
                                neuron_id source) {
  auto positions = net.layers[net.layer_of(source)].positions;
  std::optional<sparse_connections> sparse;
  if (net.layers[of.layer].kind == layer_kind::sparse)
    sparse.emplace(net, of.layer);
  auto rows = net.layers[of.layer].parameter_rows();
  auto weight = std::ranges::find(rows, true, &layer_parameter::multiplies);
  // A stream adds up what it reads as it comes.
  if (weight == rows.end())
    return {};
  std::vector<float> out;
  out.reserve(of.neurons.size() * positions);
  for (uint64_t slot = 0; slot < of.neurons.size(); ++slot) {
    auto row = row_of(of, weight->name, slot);
    for (uint64_t p = 0; p < positions; ++p) {
      auto column = column_of(net, of.layer, source, p);
      if (column && sparse)
        column = index_of(sparse->of(of.neurons.id_at(slot)), *column);
      out.push_back(column && *column < row.size()
                        ? row[*column]
                        : std::numeric_limits<float>::quiet_NaN());
    }
  }
  return out;
}

} // namespace nnactor
