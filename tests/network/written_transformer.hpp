#pragma once

#include "support/networks.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace nnactor::test {

inline constexpr auto not_a_number = std::numeric_limits<double>::quiet_NaN();
inline constexpr auto infinity = std::numeric_limits<double>::infinity();

/// A transformer as a user writes it, every layer on a line of its own.
struct written {
  std::vector<layer_description> layers;
  data_shape data{
      .input_width = 1, .tokens = 11, .output_width = 11, .context = 6};

  layer_kind loss = layer_kind::softmax_cross_entropy;

  layer_description& operator[](const std::string& name) {
    return *std::ranges::find(layers, name, &layer_description::name);
  }

  result<network> build() const {
    return build_network({layers, loss, {"exp.toml", 1, 1}}, data);
  }
};

/// The layer of that name.
inline const layer& named(const network& net, const std::string& name) {
  return net.layers[must(net.find(name))];
}

/// One block: tables of tokens and of positions, attention, mlp, vocabulary.
inline written one_block() {
  written out;
  out.layers = {
      line(1, "tokens", layer_kind::table, 11, {"input"}),
      line(2, "positions", layer_kind::table, 8, {"input"}),
      line(3, "before", layer_kind::stream, 12, {"tokens", "positions"}),
      line(4, "heads", layer_kind::attention, 3, {"before"}),
      line(5, "middle", layer_kind::stream, 12, {"before", "heads"}),
      line(6, "units", layer_kind::mlp, 20, {"middle"}),
      line(7, "after", layer_kind::stream, 12, {"middle", "units"}),
      line(8, "out", layer_kind::vocabulary, 0, {"after"})};
  out["tokens"].width = out["positions"].width = 12;
  out["positions"].by_position = true;
  out["heads"].attention.head_size = 4;
  out["units"].act = activation::gelu;
  for (const auto* name : {"before", "middle", "after"})
    out[name].norm = {norm_kind::layer, 1e-5};
  return out;
}

/// What a user reads after a change.
template <class Change>
std::string complaint(Change change) {
  auto what = one_block();
  change(what);
  auto net = what.build();
  if (!net)
    CHECK(code_of(net.error()) == ec::invalid_network);
  return sentence(net);
}

/// The same after a change of one layer.
template <class Change>
std::string complaint_of(const std::string& name, Change change) {
  return complaint([&](written& what) { change(what[name]); });
}

inline std::vector<std::string> names_of(const layer& x) {
  std::vector<std::string> out;
  for (const auto& p : x.parameter_rows())
    out.push_back(p.name);
  return out;
}

} // namespace nnactor::test
