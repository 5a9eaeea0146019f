#include "nnactor/nearest.hpp"
#include "nnactor/network/layout.hpp"

#include <algorithm>

namespace nnactor {

namespace {

caf::error wrong_layer(const layer_description& x, const std::string& what) {
  return fail(ec::invalid_network, "{}: layer '{}': {}", to_string(x.where),
              x.name, what);
}

/// Returns the ids of the layers that layer `index` of the description reads.
result<std::vector<layer_id>> resolve_inputs(const network_description& what,
                                             size_t index) {
  const auto& reader = what.layers[index];
  if (reader.inputs.empty())
    return std::vector<layer_id>{static_cast<layer_id>(index)};
  std::vector<std::string> names{input_name};
  for (const auto& x : what.layers)
    names.push_back(x.name);
  std::vector<layer_id> ids;
  for (const auto& name : reader.inputs) {
    auto found = std::ranges::find(names, name);
    if (found == names.end())
      return wrong_layer(reader, fmt::format("there is no layer '{}' to read{}",
                                             name, did_you_mean(name, names)));
    auto id = static_cast<size_t>(found - names.begin());
    if (id > index + 1)
      return wrong_layer(reader, fmt::format("it reads '{}', which is written "
                                             "after it; only layers before "
                                             "it can be read",
                                             name));
    ids.push_back(static_cast<layer_id>(id));
  }
  return ids;
}

/// Two layers of one name would make every reference to it ambiguous, so this
/// comes before references are resolved.
caf::error check_names(const network_description& what) {
  for (size_t i = 0; i < what.layers.size(); ++i) {
    const auto& x = what.layers[i];
    if (x.name == input_name || x.name == loss_name)
      return wrong_layer(x, "this name is reserved; choose another");
    for (size_t j = 0; j < i; ++j)
      if (what.layers[j].name == x.name)
        return wrong_layer(x, fmt::format("{} has a layer of the same name",
                                          to_string(what.layers[j].where)));
  }
  return {};
}

/// Turns names into ids; what remains is the same for any source of networks.
result<network> resolve(const network_description& what,
                        const data_shape& data) {
  network net;
  net.layers.push_back({.name = input_name,
                        .kind = layer_kind::input,
                        .width = data.input_width,
                        .tokens = data.tokens,
                        .inputs = {}});
  for (size_t i = 0; i < what.layers.size(); ++i) {
    const auto& x = what.layers[i];
    auto inputs = resolve_inputs(what, i);
    if (!inputs)
      return inputs.error();
    auto counted = x.units == 0 && x.kind == layer_kind::dense;
    net.layers.push_back({.name = x.name,
                          .kind = x.kind,
                          .act = x.act,
                          .units = counted ? data.output_width : x.units,
                          .inputs = std::move(*inputs),
                          .label = x.label});
  }
  net.layers.push_back({.name = loss_name,
                        .kind = what.loss,
                        .inputs = {static_cast<layer_id>(what.layers.size())}});
  return net;
}

} // namespace

result<network> build_network(const network_description& what,
                              const data_shape& data) {
  if (what.layers.empty())
    return fail(ec::invalid_network, "{}: the network has no layer",
                to_string(what.where));
  if (auto err = check_names(what))
    return err;
  auto net = resolve(what, data);
  if (!net)
    return net.error();
  if (auto wrong = lay_out(*net)) {
    auto written = wrong->layer > 0 && wrong->layer <= what.layers.size();
    if (written)
      return wrong_layer(what.layers[wrong->layer - 1], wrong->what);
    return fail(ec::invalid_network, "{}: {}: {}", to_string(what.where),
                wrong->layer == 0 ? input_name : loss_name, wrong->what);
  }
  const auto& output = net->output();
  if (output.width != data.output_width)
    return wrong_layer(
        what.layers.back(),
        fmt::format("the output has {} units, but the data "
                    "has {} {}",
                    output.units, data.output_width,
                    what.loss == layer_kind::softmax_cross_entropy
                        ? "classes"
                        : "target values an example"));
  return net;
}

} // namespace nnactor
