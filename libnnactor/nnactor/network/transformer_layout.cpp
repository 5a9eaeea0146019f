#include "nnactor/network/transformer_layout.hpp"

#include "nnactor/network/layout.hpp"

#include <cmath>

namespace nnactor {

namespace {

reason check_norm(const norm_settings& how) {
  // It is used in float32.
  if (std::isfinite(how.epsilon) && static_cast<float>(how.epsilon) > 0
      && how.epsilon < 1)
    return std::nullopt;
  return because("the epsilon of a norm is between 0 and 1, found {}",
                 how.epsilon);
}

/// A stream adds what has a value for each of its coordinates.
reason lay_out_stream(const network& net, layer& x) {
  for (auto id : x.inputs) {
    const auto& from = net.layers[id];
    if (!is_coordinate(from.kind) && !gives_sums(from.kind))
      return because("a stream cannot read '{}' of kind '{}', only streams, "
                     "norms, tables, attention and mlp",
                     from.name, to_string(from.kind));
    if (from.width != x.units)
      return because("it has {} coordinates, but '{}' gives {} values", x.units,
                     from.name, from.width);
  }
  if (!(x.dropout >= 0 && static_cast<float>(x.dropout) < 1))
    return because("dropout is at least 0 and below 1, found {}", x.dropout);
  return check_norm(x.norm);
}

reason lay_out_table(const network& net, layer& x) {
  const auto& input = net.layers.front();
  if (x.inputs.size() != 1 || x.inputs.front() != 0)
    return because("a table must read the layer 'input' and no other");
  if (input.tokens == 0 || input.width != 1)
    return because("a table needs sequences of tokens, but the data has {} {} "
                   "an example",
                   input.width, input.tokens == 0 ? "real values" : "tokens");
  if (x.by_position && x.tied)
    return because("a table of positions cannot be tied to a vocabulary, which "
                   "has a row for each token");
  if (x.by_position && net.context > x.units)
    return because("it has {} positions, but an example has {}", x.units,
                   net.context);
  if (!x.by_position && !x.tied && x.units != input.tokens)
    return because("it has {} units, but the data has {} tokens", x.units,
                   input.tokens);
  x.row_width = x.width;
  x.bias = false;
  return std::nullopt;
}

/// Of rotary positions: a device has a table of them.
constexpr uint64_t most_angles = uint64_t{1} << 26;

/// @param width Of the stream.
reason check_heads(const attention_settings& how, uint64_t width,
                   uint32_t context) {
  if (how.head_size == 0 || how.head_size > most_columns)
    return because("attention needs the size of a head");
  if (how.queries == 0 || how.queries > most_columns / how.head_size
      || width > most_parameters / 8 / (how.queries * how.head_size))
    return because("{} query heads of {} values each for a key head are not "
                   "possible",
                   how.queries, how.head_size);
  auto rotates = how.rotary_base != 0;
  if (rotates && !(std::isfinite(how.rotary_base) && how.rotary_base > 1))
    return because("the base of rotary positions is above 1, found {}",
                   how.rotary_base);
  if (!(std::isfinite(how.rotary_scale) && how.rotary_scale > 0))
    return because("the scale of rotary positions is above 0, found {}",
                   how.rotary_scale);
  if (rotates && how.head_size > most_angles / context)
    return because("{} positions of heads of {} values have more angles than "
                   "{}",
                   context, how.head_size, most_angles);
  if (rotates && how.head_size % 2 != 0)
    return because("rotary positions turn pairs of values, but a head has {}",
                   how.head_size);
  if (how.head_norm == norm_kind::layer)
    return because("the norm of a head is rms or none");
  return std::nullopt;
}

reason check_mlp(const layer& x) {
  auto fits = x.gated ? x.act == activation::silu || x.act == activation::gelu
                      : x.act == activation::relu || x.act == activation::gelu
                            || x.act == activation::silu;
  if (fits)
    return std::nullopt;
  return because("an mlp {} has the activation {}, found '{}'",
                 x.gated ? "with gates" : "without gates",
                 x.gated ? "silu or gelu" : "relu, gelu or silu",
                 to_string(x.act));
}

/// It has a value for each coordinate of the stream.
reason check_coordinates(const layer& x, const layer& from) {
  if (x.units == from.units)
    return std::nullopt;
  return because("it has {} units, but '{}' has {} coordinates", x.units,
                 from.name, from.units);
}

/// What reads a stream: attention, mlp, vocabulary and norm.
reason lay_out_reader(const network& net, layer& x) {
  const auto& from = net.layers[x.inputs.front()];
  if (x.inputs.size() != 1 || from.kind != layer_kind::stream)
    return because("a layer of kind '{}' reads one stream and nothing else",
                   to_string(x.kind));
  x.row_width = from.units;
  x.bias = x.bias && gives_sums(x.kind);
  if (gives_sums(x.kind))
    x.width = from.units;
  switch (x.kind) {
  case layer_kind::attention:
    return check_heads(x.attention, from.units, net.context);
  case layer_kind::mlp:
    return check_mlp(x);
  case layer_kind::norm:
    return check_coordinates(x, from);
  default:
    return std::nullopt;
  }
}

} // namespace

reason lay_out_transformer(const network& net, layer& x) {
  if (!x.delays.empty())
    return because("a layer of kind '{}' reads nothing delayed; a transformer "
                   "cannot be inside a cycle",
                   to_string(x.kind));
  if (x.act != activation::none && x.kind != layer_kind::mlp)
    return because("a layer of kind '{}' has no activation, found '{}'",
                   to_string(x.kind), to_string(x.act));
  if (net.time_steps > 1)
    return because("a layer of kind '{}' reads sequences, not time steps; see "
                   "data.time_steps",
                   to_string(x.kind));
  if (x.kind == layer_kind::stream)
    return lay_out_stream(net, x);
  return x.kind == layer_kind::table ? lay_out_table(net, x)
                                     : lay_out_reader(net, x);
}

reason check_tie(const network& net, const layer& x) {
  const auto& output = net.output();
  const auto& input = net.layers.front();
  if (output.kind != layer_kind::vocabulary)
    return because("it is tied to the vocabulary, but the output '{}' is of "
                   "kind '{}'",
                   output.name, to_string(output.kind));
  if (output.row_width != x.width)
    return because("it is tied to the vocabulary '{}', whose rows have {} "
                   "values, so it cannot have a width of {}",
                   output.name, output.row_width, x.width);
  if (output.units != input.tokens)
    return because("it is tied to the vocabulary '{}', which has {} units, but "
                   "the data has {} tokens",
                   output.name, output.units, input.tokens);
  return std::nullopt;
}

} // namespace nnactor
