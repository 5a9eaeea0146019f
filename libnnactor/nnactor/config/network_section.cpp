#include "nnactor/config/sections.hpp"
#include "nnactor/network/layout.hpp"

namespace nnactor {

namespace {

/// A number of neurons, or "classes" for as many as the data has.
void read_units(section& from, uint64_t& into) {
  if (from.has("units")) {
    const auto* node = from.take("units");
    if (const auto* word = node->as_string()) {
      if (word->get() != "classes")
        from.reject("units", fmt::format("is '{}' but must be an integer or "
                                         "'classes'",
                                         word->get()));
      return;
    }
  }
  from.read("units", into, integer_range{1, INT64_MAX});
}

/// Time steps by the name of an input, for example { hidden = 1 }.
void read_delays(section& from, layer_description& into) {
  const auto* node = from.take("delay");
  if (node == nullptr)
    return;
  const auto* table = node->as_table();
  if (table == nullptr)
    return from.reject_type("delay", "a table such as { hidden = 1 }", *node);
  for (const auto& [name, value] : *table) {
    const auto* delay = value.as_integer();
    if (delay == nullptr || delay->get() < 1
        || delay->get() >= int64_t{most_time_steps})
      return from.reject_at(
          value,
          fmt::format("the delay of '{}' must be an integer from 1 to {}", name,
                      most_time_steps - 1));
    into.delays.emplace_back(name, static_cast<uint32_t>(delay->get()));
  }
}

void read_sparsity(section& from, layer_description& into) {
  static const auto patterns =
      choices_of({connection_pattern::random, connection_pattern::clustered});
  auto& how = into.sparse;
  from.read("degree", how.degree, integer_range{1, UINT32_MAX});
  from.read("pattern", how.pattern, patterns);
  from.read("clusters", how.clusters, integer_range{1, most_clusters});
  from.read("inside", how.inside, real_range{0, 1, true, true});
  from.read("seed", how.seed, integer_range{0, INT64_MAX});
  for (const auto* key : {"degree", "pattern", "clusters", "inside", "seed"})
    if (from.has(key) && into.kind != layer_kind::sparse)
      from.reject(key, "only goes with kind = \"sparse\"");
  for (const auto* key : {"clusters", "inside"})
    if (from.has(key) && how.pattern != connection_pattern::clustered)
      from.reject(key, "only goes with pattern = \"clustered\"");
  if (into.kind == layer_kind::sparse && !from.has("degree"))
    from.reject("degree", "is missing: how many inputs each neuron reads");
}

layer_description read_layer(section from, size_t number) {
  static const auto kinds = choices_of(
      {layer_kind::embedding, layer_kind::dense, layer_kind::sparse});
  static const auto activations =
      choices_of({activation::none, activation::relu, activation::gelu,
                  activation::tanh, activation::sigmoid});
  layer_description out;
  out.where = from.where();
  from.read("name", out.name);
  from.read("label", out.label);
  from.read("kind", out.kind, kinds);
  read_units(from, out.units);
  from.read("activation", out.act, activations);
  from.read("inputs", out.inputs);
  read_delays(from, out);
  read_sparsity(from, out);
  from.finish();
  for (const auto* key : {"kind", "units"})
    if (!from.has(key))
      from.reject(key, "is missing");
  if (out.name.empty())
    out.name = fmt::format("{}{}", to_string(out.kind), number);
  return out;
}

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
  from.each("layers", [&](section layer) {
    out.layers.push_back(read_layer(layer, out.layers.size() + 1));
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
