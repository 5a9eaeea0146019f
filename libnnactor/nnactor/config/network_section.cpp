#include "nnactor/config/layer_section.hpp"
#include "nnactor/config/sections.hpp"

namespace nnactor {

namespace {

layer_description described(std::string name, layer_kind kind, uint64_t units,
                            activation act = activation::none) {
  layer_description out;
  out.name = std::move(name);
  out.kind = kind;
  out.units = units;
  out.act = act;
  return out;
}

} // namespace

network_description default_network(data_settings::format kind) {
  network_description out;
  auto number = 1;
  if (kind == data_settings::format::text)
    out.layers.push_back(described(fmt::format("embedding{}", number++),
                                   layer_kind::embedding, 16));
  out.layers.push_back(described(fmt::format("dense{}", number++),
                                 layer_kind::dense, 128, activation::relu));
  out.layers.push_back(
      described(fmt::format("dense{}", number), layer_kind::dense, 0));
  return out;
}

network_description read_network(section from, data_settings::format kind) {
  static const auto losses = choices_of(
      {layer_kind::softmax_cross_entropy, layer_kind::mean_squared_error});
  network_description out;
  out.where = from.where();
  from.read("loss", out.loss, losses);
  size_t number = 0;
  from.each("layers", [&](section layer) {
    read_layers(std::move(layer), ++number, out.layers);
  });
  from.finish();
  if (!out.layers.empty())
    return out;
  auto plain = default_network(kind);
  plain.loss = out.loss;
  plain.where = out.where;
  return plain;
}

} // namespace nnactor
