#include "nnactor/network/network.hpp"

#include "nnactor/nearest.hpp"

#include <algorithm>

namespace nnactor {

std::vector<layer_parameter> layer::parameter_rows() const {
  if (!has_neurons(kind))
    return {};
  std::vector<layer_parameter> out{{"weight", row_width}};
  if (bias)
    out.push_back({"bias", 1, false});
  return out;
}

uint64_t layer::parameters_per_neuron() const {
  uint64_t sum = 0;
  for (const auto& x : parameter_rows())
    sum += x.columns;
  return sum;
}

uint64_t network::neuron_count() const {
  uint64_t count = 0;
  for (const auto& x : layers)
    count += x.units;
  return count;
}

uint64_t network::parameter_count() const {
  uint64_t count = 0;
  for (const auto& x : layers)
    count += x.parameters();
  return count;
}

layer_id network::layer_of(neuron_id id) const {
  // The input shares its first id with the layer after it; the last layer
  // that starts at or before `id` is the one that owns it.
  auto after = std::ranges::upper_bound(layers, id, {}, &layer::first);
  return static_cast<layer_id>(after - layers.begin() - 1);
}

result<layer_id> network::find(const std::string& name) const {
  std::vector<std::string> names;
  for (layer_id id = 0; id < layers.size(); ++id) {
    if (layers[id].name == name)
      return id;
    names.push_back(layers[id].name);
  }
  return fail(ec::invalid_network, "there is no layer '{}'{}", name,
              did_you_mean(name, names));
}

std::optional<uint64_t> column_offset(const network& net, layer_id consumer,
                                      layer_id producer) {
  uint64_t offset = 0;
  for (auto input : net.layers[consumer].inputs) {
    if (input == producer)
      return offset;
    offset += net.layers[input].width;
  }
  return std::nullopt;
}

uint64_t input_width(const network& net, layer_id id) {
  uint64_t width = 0;
  for (auto input : net.layers[id].inputs)
    width += net.layers[input].width;
  return width;
}

column_source source_of(const network& net, layer_id reader, uint64_t column) {
  for (auto input : net.layers[reader].inputs) {
    const auto& from = net.layers[input];
    if (column < from.width)
      return has_neurons(from.kind)
                 ? column_source{input, from.first + column / from.positions,
                                 column % from.positions}
                 : column_source{input, std::nullopt, column};
    column -= from.width;
  }
  return {};
}

std::optional<uint64_t> column_of(const network& net, layer_id consumer,
                                  neuron_id source, uint64_t position) {
  auto producer = net.layer_of(source);
  auto offset = column_offset(net, consumer, producer);
  if (!offset)
    return std::nullopt;
  const auto& from = net.layers[producer];
  return *offset + (source - from.first) * from.positions + position;
}

} // namespace nnactor
