#include "nnactor/network/layout.hpp"

#include "nnactor/network/transformer_layout.hpp"

#include <algorithm>
#include <set>

namespace nnactor {

namespace {

reason check_name(const std::string& name) {
  if (name.empty())
    return because("a layer needs a name");
  if (name.size() > longest_name)
    return because("a name has at most {} characters", longest_name);
  auto control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  };
  if (std::ranges::any_of(name, control))
    return because("a name must not contain control characters");
  return std::nullopt;
}

reason check_label(const std::string& label) {
  return label.empty() ? std::nullopt : check_name(label);
}

/// Checks one connection of layer `index`.
reason check_input(const network& net, layer_id index, layer_id input,
                   uint32_t delay) {
  if (input + size_t{1} >= net.layers.size())
    return because("it reads a layer that there is not");
  const auto& name = net.layers[input].name;
  if (delay >= net.time_steps && delay > 0)
    return because("it reads '{}' with a delay of {}, but an example has only "
                   "{} time step{}; see data.time_steps",
                   name, delay, net.time_steps, net.time_steps == 1 ? "" : "s");
  if (input >= index && delay == 0)
    return because("it reads {} at once; a connection to a later layer needs a "
                   "delay",
                   input == index ? "itself" : fmt::format("'{}'", name));
  return std::nullopt;
}

/// Checks that layer `index` reads every input once, and what is not delayed
/// from layers before it.
reason check_inputs(const network& net, layer_id index) {
  const auto& x = net.layers[index];
  if (x.inputs.empty())
    return because("it reads no layer");
  if (!x.delays.empty() && x.delays.size() != x.inputs.size())
    return because("it has {} delays for {} inputs", x.delays.size(),
                   x.inputs.size());
  std::set<layer_id> seen;
  auto undelayed = false;
  for (size_t i = 0; i < x.inputs.size(); ++i) {
    auto delay = x.delay_of(i);
    if (auto wrong = check_input(net, index, x.inputs[i], delay))
      return wrong;
    if (!seen.insert(x.inputs[i]).second)
      return because("it reads layer '{}' twice", net.layers[x.inputs[i]].name);
    undelayed = undelayed || delay == 0;
  }
  if (!undelayed)
    return because("all that it reads is delayed; it must also read something "
                   "of the same time step, if only 'input'");
  return std::nullopt;
}

reason lay_out_input(layer& x) {
  if (x.kind != layer_kind::input || x.units != 0 || !x.inputs.empty())
    return because("the first layer must be the input and read nothing");
  if (x.width == 0)
    return because("the data has examples of no values");
  if (x.width > most_columns)
    return because("{} values an example are more than {}", x.width,
                   most_columns);
  if (x.tokens > most_tokens)
    return because("{} tokens are more than {}", x.tokens, most_tokens);
  if (x.act != activation::none)
    return because("the input has no activation");
  x.positions = 1;
  x.row_width = 0;
  x.bias = false;
  return std::nullopt;
}

reason lay_out_embedding(const network& net, layer& x) {
  if (x.inputs.size() != 1 || x.inputs.front() != 0)
    return because("an embedding must read the layer 'input' and no other");
  const auto& input = net.layers.front();
  if (input.tokens == 0)
    return because("an embedding needs tokens, but the data has {} real "
                   "values an example; use a dense layer",
                   input.width);
  if (x.act != activation::none)
    return because("an embedding has no activation, found '{}'",
                   to_string(x.act));
  x.row_width = input.tokens;
  x.bias = false;
  return std::nullopt;
}

reason check_sparsity(const sparsity& how, uint64_t columns) {
  if (how.degree == 0)
    return because("a sparse layer needs a degree, the number of inputs that "
                   "each neuron reads");
  if (how.degree > columns)
    return because("each neuron is to read {} values, but its inputs have only "
                   "{}",
                   how.degree, columns);
  if (how.clusters == 0 || how.clusters > most_clusters)
    return because("there can be 1 to {} clusters, found {}", most_clusters,
                   how.clusters);
  if (!(how.inside >= 0 && how.inside <= 1))
    return because("the share of connections inside a cluster is from 0 to 1, "
                   "found {}",
                   how.inside);
  return std::nullopt;
}

/// Dense and sparse layers.
reason lay_out_weighted(const network& net, layer& x) {
  for (auto id : x.inputs) {
    const auto& from = net.layers[id];
    if (is_of_transformer(from.kind))
      return because("a {} layer cannot read '{}' of kind '{}'",
                     to_string(x.kind), from.name, to_string(from.kind));
    if (from.tokens != 0)
      return because("a {} layer cannot read tokens; put an embedding "
                     "between '{}' and it",
                     to_string(x.kind), from.name);
    x.row_width += from.width; // both at most 2^40: see most_layers
    if (x.row_width > most_columns)
      return because("its inputs have more than {} values together",
                     most_columns);
  }
  x.bias = true;
  if (x.kind != layer_kind::sparse)
    return std::nullopt;
  if (auto wrong = check_sparsity(x.sparse, x.row_width))
    return wrong;
  x.row_width = x.sparse.degree;
  if (x.units > most_sparse_connections / x.row_width)
    return because("{} units with {} connections each are more than {} "
                   "connections",
                   x.units, x.row_width, most_sparse_connections);
  return std::nullopt;
}

/// Fixes what depends on nothing but the input, so that connections may lead
/// back to layers before.
reason set_width(const network& net, layer& x) {
  if (!has_neurons(x.kind))
    return because("a layer of kind '{}' cannot stand here", to_string(x.kind));
  if (x.tied && x.units != 0)
    return because("it is tied to the vocabulary, so it has no units of its "
                   "own, found {}",
                   x.units);
  if (x.units == 0 && !x.tied)
    return because("it has no units");
  if (x.units > most_neurons)
    return because("{} units are too many: a network has at most {} neurons",
                   x.units, most_neurons);
  x.positions = x.kind == layer_kind::embedding ? net.layers.front().width : 1;
  if (x.units > most_columns / x.positions)
    return because("{} units with {} values each are more than {} values",
                   x.units, x.positions, most_columns);
  if (x.kind == layer_kind::table && (x.width == 0 || x.width > most_columns))
    return because("a table needs a width, that of the stream it is for");
  if (!gives_sums(x.kind))
    x.width = x.units * x.positions;
  x.tokens = 0;
  return std::nullopt;
}

reason lay_out_kind(const network& net, layer& x) {
  if (is_of_transformer(x.kind))
    return lay_out_transformer(net, x);
  return x.kind == layer_kind::embedding ? lay_out_embedding(net, x)
                                         : lay_out_weighted(net, x);
}

reason lay_out_neurons(const network& net, layer& x) {
  if (x.units > most_neurons - x.first)
    return because("{} units and the {} of the layers before are more than the "
                   "{} that a network has at most",
                   x.units, x.first, most_neurons);
  x.row_width = 0;
  if (auto wrong = lay_out_kind(net, x))
    return wrong;
  auto each = x.parameters_per_neuron();
  if (x.units > most_parameters / (each + 1))
    return because("{} units with {} parameters each are more than {}", x.units,
                   each, most_parameters);
  return std::nullopt;
}

reason lay_out_loss(const network& net, layer& x) {
  if (!is_loss(x.kind) || x.units != 0 || x.inputs.size() != 1
      || x.delay_of(0) != 0)
    return because("the last layer must be a loss that reads one layer");
  if (x.act != activation::none)
    return because("a loss has no activation");
  const auto& output = net.layers[x.inputs.front()];
  if (output.kind != layer_kind::dense && output.kind != layer_kind::sparse
      && output.kind != layer_kind::vocabulary)
    return because("it must read a dense or sparse layer or a vocabulary, but "
                   "'{}' is of kind '{}'",
                   output.name, to_string(output.kind));
  if (output.kind == layer_kind::vocabulary
      && x.kind != layer_kind::softmax_cross_entropy)
    return because("{} cannot read '{}', a vocabulary; set network.loss to "
                   "'softmax_cross_entropy'",
                   to_string(x.kind), output.name);
  x.positions = 1;
  x.width = output.width;
  x.row_width = 0;
  x.bias = false;
  return std::nullopt;
}

/// Finds a table that cannot have the rows of the vocabulary: layers after it
/// decide, so it can be told only when all of them are laid out.
std::optional<layout_error> check_ties(const network& net) {
  std::string first;
  for (layer_id id = 0; id < net.layers.size(); ++id) {
    const auto& x = net.layers[id];
    if (!x.tied)
      continue;
    if (auto wrong = check_tie(net, x))
      return layout_error{id, std::move(*wrong)};
    if (!first.empty())
      return layout_error{
          id, fmt::format("'{}' is tied to the vocabulary, too; only one table "
                          "can be",
                          first)};
    first = x.name;
  }
  return std::nullopt;
}

/// Finds a layer that nothing reads.
std::optional<layout_error> check_readers(const network& net) {
  std::vector<bool> read(net.layers.size());
  for (layer_id id = 0; id < net.layers.size(); ++id)
    for (auto input : net.layers[id].inputs)
      if (input != id)
        read[input] = true;
  for (layer_id id = 0; id + 1 < net.layers.size(); ++id)
    if (!read[id])
      return layout_error{
          id, fmt::format(
                  "no other layer reads it, and only '{}' can be the output",
                  net.output().name)};
  return std::nullopt;
}

/// What only some kinds of layers have.
reason check_extras(const layer& x) {
  if (x.kind != layer_kind::stream
      && (x.norm != norm_settings{} || x.dropout != 0))
    return because("only a stream has a norm and dropout");
  if (x.kind != layer_kind::table && x.tied)
    return because("only a table can be tied to a vocabulary");
  return std::nullopt;
}

reason lay_out_layer(network& net, layer_id id, std::set<std::string>& names) {
  auto& x = net.layers[id];
  if (auto wrong = check_label(x.label))
    return wrong;
  if (auto wrong = check_name(x.name))
    return wrong;
  if (!names.insert(x.name).second)
    return because("another layer has the same name");
  auto last = id + 1 == net.layers.size();
  auto reserved = x.name == input_name || x.name == loss_name;
  if (reserved != (id == 0 || last))
    return because("the names '{}' and '{}' are those of the first and the "
                   "last layer",
                   input_name, loss_name);
  if (id == 0)
    return std::nullopt;
  if (auto wrong = check_inputs(net, id))
    return wrong;
  return last ? lay_out_loss(net, x) : lay_out_neurons(net, x);
}

/// One layer after the other.
std::optional<layout_error> lay_out_layers(network& net) {
  std::set<std::string> names;
  neuron_id next = 0;
  uint64_t parameters = 0;
  for (layer_id id = 0; id < net.layers.size(); ++id) {
    auto& x = net.layers[id];
    x.first = next;
    if (auto wrong = lay_out_layer(net, id, names))
      return layout_error{id, std::move(*wrong)};
    next += x.units;
    parameters += x.parameters();
    if (parameters > most_parameters)
      return layout_error{id, fmt::format("the network has more than {} "
                                          "parameters up to here",
                                          most_parameters)};
  }
  return std::nullopt;
}

/// What is of the network as a whole.
reason check_sizes(const network& net) {
  if (net.layers.size() < 3)
    return because("a network needs at least one layer between input and loss");
  if (net.layers.size() > most_layers)
    return because("{} layers are more than {}", net.layers.size(),
                   most_layers);
  if (net.time_steps == 0 || net.time_steps > most_time_steps)
    return because("an example has 1 to {} time steps, found {}",
                   most_time_steps, net.time_steps);
  if (net.context == 0 || net.context > most_positions)
    return because("an example has 1 to {} positions, found {}", most_positions,
                   net.context);
  if (net.context > 1 && net.time_steps > 1)
    return because("an example has several positions or several time steps, "
                   "not both");
  return std::nullopt;
}

} // namespace

std::optional<layout_error> lay_out(network& net) {
  if (auto wrong = check_sizes(net))
    return layout_error{0, std::move(*wrong)};
  if (auto wrong = lay_out_input(net.layers.front()))
    return layout_error{0, std::move(*wrong)};
  for (layer_id id = 0; id < net.layers.size(); ++id)
    if (auto wrong = check_extras(net.layers[id]))
      return layout_error{id, std::move(*wrong)};
  for (layer_id id = 1; id + 1 < net.layers.size(); ++id)
    if (auto wrong = set_width(net, net.layers[id]))
      return layout_error{id, std::move(*wrong)};
  if (auto wrong = lay_out_layers(net))
    return wrong;
  if (auto wrong = check_ties(net))
    return wrong;
  return check_readers(net);
}

} // namespace nnactor
