#include "nnactor/network/network.hpp"

#include "nnactor/nearest.hpp"

#include <algorithm>

namespace nnactor {

namespace {

using parameter_list = std::vector<layer_parameter>;

layer_parameter addend(std::string name, uint64_t columns = 1) {
  return {.name = std::move(name), .columns = columns, .multiplies = false};
}

layer_parameter gain(std::string name, uint64_t columns = 1) {
  auto out = addend(std::move(name), columns);
  out.start = 1;
  return out;
}

layer_parameter rows_of(std::string name, uint64_t rows, uint64_t width) {
  return {.name = std::move(name), .columns = rows * width, .rows = rows};
}

parameter_list of_stream(const layer& x) {
  parameter_list out;
  if (x.norm.kind != norm_kind::none)
    out.push_back(gain("gain"));
  if (x.norm.kind == norm_kind::layer)
    out.push_back(addend("shift"));
  if (x.bias)
    out.push_back(addend("bias"));
  return out;
}

/// A layer has none where others do all that needs any for it: the stream that
/// a norm reads has gain and shift, a vocabulary the rows of a table tied to
/// it.
bool has_parameters(const layer& x) {
  return has_neurons(x.kind) && x.kind != layer_kind::norm && !x.tied;
}

parameter_list of_attention(const layer& x) {
  auto head = x.attention.head_size;
  auto asking = head * x.attention.queries;
  parameter_list out{rows_of("query", asking, x.row_width),
                     rows_of("key", head, x.row_width),
                     rows_of("value", head, x.row_width),
                     rows_of("output", asking, x.row_width)};
  if (x.bias)
    out.insert(out.end(),
               {addend("query_bias", asking), addend("key_bias", head),
                addend("value_bias", head)});
  if (x.attention.head_norm != norm_kind::none)
    out.insert(out.end(), {gain("query_gain", head), gain("key_gain", head)});
  return out;
}

parameter_list of_mlp(const layer& x) {
  parameter_list out{{"up", x.row_width}, {"down", x.row_width}};
  if (x.gated)
    out.push_back({"gate", x.row_width});
  if (x.bias)
    out.push_back(addend("up_bias"));
  if (x.bias && x.gated)
    out.push_back(addend("gate_bias"));
  return out;
}

} // namespace

std::vector<layer_parameter> layer::parameter_rows() const {
  if (!has_parameters(*this))
    return {};
  if (kind == layer_kind::stream)
    return of_stream(*this);
  if (kind == layer_kind::attention)
    return of_attention(*this);
  if (kind == layer_kind::mlp)
    return of_mlp(*this);
  parameter_list out{{"weight", row_width}};
  if (bias)
    out.push_back(addend("bias"));
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
  // The input, and a tied table, shares its first id with the layer after it;
  // the last layer that starts at or before `id` is the one that owns it.
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
