#include "nnactor/nearest.hpp"
#include "nnactor/network/layout.hpp"
#include "nnactor/network/transformer_layout.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace nnactor {

namespace {

caf::error wrong_layer(const layer_description& x, const std::string& what) {
  return fail(ec::invalid_network, "{}: layer '{}': {}", to_string(x.where),
              x.name, what);
}

/// What a layer reads, by the order in which layers are written: 0 is the
/// input, 1 the first layer.
struct connections {
  std::vector<layer_id> inputs;
  std::vector<uint32_t> delays; ///< By input.
};

/// Numbers of layers, as in `connections`, by their names. A description may
/// have thousands of layers, so no name is looked for in a list.
using numbered_names = std::unordered_map<std::string_view, layer_id>;

caf::error no_such_layer(const network_description& what,
                         const layer_description& reader,
                         const std::string& name) {
  std::vector<std::string> names{input_name};
  for (const auto& x : what.layers)
    names.push_back(x.name);
  return wrong_layer(reader, fmt::format("there is no layer '{}' to read{}",
                                         name, did_you_mean(name, names)));
}

/// Resolves the names of what layer `index` of the description reads.
result<connections> resolve_inputs(const network_description& what,
                                   const numbered_names& numbers,
                                   size_t index) {
  const auto& reader = what.layers[index];
  auto read = reader.inputs;
  if (read.empty())
    read.push_back(index == 0 ? input_name : what.layers[index - 1].name);
  connections out;
  for (const auto& name : read) {
    auto found = numbers.find(name);
    if (found == numbers.end())
      return no_such_layer(what, reader, name);
    out.inputs.push_back(found->second);
    out.delays.push_back(0);
  }
  for (const auto& [name, delay] : reader.delays) {
    auto found = std::ranges::find(read, name);
    if (found == read.end())
      return wrong_layer(reader, fmt::format("it has a delay for '{}', which "
                                             "it does not read{}",
                                             name, did_you_mean(name, read)));
    out.delays[static_cast<size_t>(found - read.begin())] = delay;
  }
  return out;
}

result<std::vector<connections>>
resolve_inputs(const network_description& what) {
  numbered_names numbers{{input_name, 0}};
  for (const auto& x : what.layers)
    numbers.emplace(x.name, static_cast<layer_id>(numbers.size()));
  std::vector<connections> all(1); // The input reads nothing.
  for (size_t i = 0; i < what.layers.size(); ++i) {
    auto next = resolve_inputs(what, numbers, i);
    if (!next)
      return next.error();
    all.push_back(std::move(*next));
  }
  return all;
}

/// Puts layers after all that they read undelayed.
class layer_order {
public:
  explicit layer_order(const std::vector<connections>& all)
      : all_(all), seen_(all.size()) {
  }

  /// Returns whether there is such an order; if not, `cycle` has the layers
  /// that wait for each other, the first of them once more at its end.
  bool find() {
    for (layer_id id = 0; id < all_.size(); ++id)
      if (!visit(id))
        return false;
    return true;
  }

  std::vector<layer_id> order; ///< By written order where inputs allow it.
  std::vector<layer_id> cycle;

private:
  enum class mark : uint8_t { none, open, done };

  /// One layer on the way from a reader to what it reads. A description may
  /// have thousands of layers in a row, so this is no recursion.
  struct place {
    layer_id layer;
    size_t next = 0; ///< Input to look at.
  };

  bool visit(layer_id from) {
    if (seen_[from] != mark::none)
      return true;
    std::vector<place> way{{from}};
    seen_[from] = mark::open;
    while (!way.empty()) {
      auto& at = way.back();
      auto& x = all_[at.layer];
      if (at.next == x.inputs.size()) {
        seen_[at.layer] = mark::done;
        order.push_back(at.layer);
        way.pop_back();
        continue;
      }
      auto input = x.inputs[at.next];
      auto delayed = x.delays[at.next++] > 0;
      if (delayed || seen_[input] == mark::done)
        continue;
      if (seen_[input] == mark::open)
        return close(way, input);
      seen_[input] = mark::open;
      way.push_back({input});
    }
    return true;
  }

  bool close(const std::vector<place>& way, layer_id at) {
    auto begin = std::ranges::find(way, at, &place::layer);
    for (auto i = begin; i != way.end(); ++i)
      cycle.push_back(i->layer);
    cycle.push_back(at);
    return false;
  }

  const std::vector<connections>& all_;
  std::vector<mark> seen_;
};

caf::error circular(const network_description& what,
                    const std::vector<layer_id>& cycle) {
  std::vector<std::string> names;
  for (auto id : cycle)
    names.push_back(fmt::format("'{}'", what.layers[id - 1].name));
  auto rigid = std::ranges::any_of(cycle, [&](layer_id id) {
    return is_of_transformer(what.layers[id - 1].kind);
  });
  auto remedy =
      rigid ? std::string{"a transformer cannot be inside a cycle"}
            : fmt::format("give one of these connections a delay, for example "
                          "delay = {{ {} = 1 }} in layer {}",
                          what.layers[cycle[1] - 1].name, names.front());
  return wrong_layer(what.layers[cycle.front() - 1],
                     fmt::format("it needs itself at once: {}; {}",
                                 fmt::join(names, " reads "), remedy));
}

/// Two layers of one name would make every reference to it ambiguous, so this
/// comes before references are resolved.
caf::error check_names(const network_description& what) {
  std::unordered_map<std::string_view, const layer_description*> known;
  for (const auto& x : what.layers) {
    if (x.name == input_name || x.name == loss_name)
      return wrong_layer(x, "this name is reserved; choose another");
    auto [other, is_new] = known.emplace(x.name, &x);
    if (!is_new)
      return wrong_layer(x, fmt::format("{} has a layer of the same name",
                                        to_string(other->second->where)));
  }
  return {};
}

/// Before anything else looks at them; input and loss are layers, too.
caf::error check_number(const network_description& what) {
  auto layers = what.layers.size() + 2;
  if (what.layers.empty())
    return fail(ec::invalid_network, "{}: the network has no layer",
                to_string(what.where));
  if (layers > most_layers)
    return fail(ec::invalid_network,
                "{}: the network has {} layers, more than {}; give it fewer, "
                "or a transformer fewer blocks",
                to_string(what.where), layers, most_layers);
  return {};
}

/// A tied table has no units of its own, so none are left to be checked once
/// it is laid out.
caf::error check_tied_units(const network_description& what,
                            const data_shape& data) {
  for (const auto& x : what.layers) {
    auto rows = x.kind == layer_kind::table && x.tied && !x.by_position
                && data.tokens != 0;
    if (rows && x.units != 0 && x.units != data.tokens)
      return wrong_layer(
          x, fmt::format("it has {} units, but the data has {} tokens; leave "
                         "units out, for it is tied to the vocabulary",
                         x.units, data.tokens));
  }
  return {};
}

/// A network whose layers have their final order, and where each was written.
struct resolved {
  network net;
  std::vector<layer_id> written; ///< By layer; index into the description + 1.
};

/// As many as a user wants, or as the data has something for.
uint64_t units_of(const layer_description& x, const data_shape& data) {
  if (x.tied) // The vocabulary has its rows.
    return 0;
  if (x.units != 0 || x.kind == layer_kind::embedding)
    return x.units;
  return x.by_position ? data.context : data.output_width;
}

layer described(const layer_description& x, const connections& reads,
                const std::vector<layer_id>& ids, const data_shape& data) {
  layer out{.name = x.name,
            .kind = x.kind,
            .act = x.act,
            .units = units_of(x, data),
            .width = x.width,
            .bias = x.bias,
            .inputs = {},
            .label = x.label,
            .sparse = x.sparse,
            .norm = x.norm,
            .attention = x.attention,
            .gated = x.gated,
            .by_position = x.by_position,
            .tied = x.tied,
            .dropout = x.dropout};
  for (auto input : reads.inputs)
    out.inputs.push_back(ids[input]);
  if (std::ranges::any_of(reads.delays, [](auto x) { return x > 0; }))
    out.delays = reads.delays;
  return out;
}

/// Turns names into ids; what remains is the same for any source of networks.
result<resolved> resolve(const network_description& what,
                         const data_shape& data) {
  auto reads = resolve_inputs(what);
  if (!reads)
    return reads.error();
  layer_order sorted{*reads};
  if (!sorted.find())
    return circular(what, sorted.cycle);
  std::vector<layer_id> ids(reads->size());
  for (layer_id id = 0; id < ids.size(); ++id)
    ids[sorted.order[id]] = id;
  resolved out{.net = {.layers = {},
                       .time_steps = data.time_steps,
                       .context = data.context},
               .written = std::move(sorted.order)};
  for (auto from : out.written) {
    if (from > 0)
      out.net.layers.push_back(
          described(what.layers[from - 1], (*reads)[from], ids, data));
    else
      out.net.layers.push_back({.name = input_name,
                                .kind = layer_kind::input,
                                .width = data.input_width,
                                .tokens = data.tokens,
                                .inputs = {}});
  }
  out.net.layers.push_back(
      {.name = loss_name, .kind = what.loss, .inputs = {ids.back()}});
  return out;
}

} // namespace

result<network> build_network(const network_description& what,
                              const data_shape& data) {
  if (auto err = check_number(what))
    return err;
  if (auto err = check_names(what))
    return err;
  if (auto err = check_tied_units(what, data))
    return err;
  auto found = resolve(what, data);
  if (!found)
    return found.error();
  auto& net = found->net;
  if (auto wrong = lay_out(net)) {
    auto written = wrong->layer > 0 && wrong->layer <= what.layers.size();
    if (written)
      return wrong_layer(what.layers[found->written[wrong->layer] - 1],
                         wrong->what);
    return fail(ec::invalid_network, "{}: {}: {}", to_string(what.where),
                wrong->layer == 0 ? input_name : loss_name, wrong->what);
  }
  const auto& output = net.output();
  if (output.width != data.output_width)
    return wrong_layer(
        what.layers.back(),
        fmt::format("the output has {} units, but the data "
                    "has {} {}",
                    output.units, data.output_width,
                    what.loss == layer_kind::softmax_cross_entropy
                        ? "classes"
                        : "target values an example"));
  return std::move(net);
}

} // namespace nnactor
