#pragma once

#include "nnactor/network/network.hpp"
#include "nnactor/partition/distribution.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace nnactor::test {

/// Unwraps a result that a test's set-up relies on.
template <class T>
T must(result<T> x) {
  if (!x)
    throw std::runtime_error(explain(x.error()));
  return std::move(*x);
}

/// Returns the sentence of an error, "" for a value.
template <class T>
std::string sentence(const result<T>& x) {
  return x ? std::string{} : explain(x.error());
}

/// A description of one layer, written at line `line` of exp.toml.
inline layer_description line(uint32_t line, std::string name, layer_kind kind,
                              uint64_t units,
                              std::vector<std::string> inputs = {}) {
  return {.name = std::move(name),
          .kind = kind,
          .units = units,
          .inputs = std::move(inputs),
          .where = {"exp.toml", line, 1}};
}

/// Four tokens of five kinds, embedded, through two dense layers, to five
/// classes: 3 + 7 + 4 + 5 neurons, the output reading both dense layers.
inline network small_language_model() {
  network_description what;
  what.layers = {line(1, "embed", layer_kind::embedding, 3),
                 line(2, "first", layer_kind::dense, 7),
                 line(3, "second", layer_kind::dense, 4),
                 line(4, "out", layer_kind::dense, 0, {"first", "second"})};
  return must(build_network(what, {4, 5, 5}));
}

/// A multi-layer perceptron 6-8-4-3 with a squared error.
inline network small_regression() {
  network_description what;
  what.layers = {line(1, "hidden", layer_kind::dense, 8),
                 line(2, "waist", layer_kind::dense, 4),
                 line(3, "out", layer_kind::dense, 0)};
  what.loss = layer_kind::mean_squared_error;
  return must(build_network(what, {6, 0, 3}));
}

/// Draws a network of up to six layers in which every layer reads the one
/// before it and perhaps earlier ones, on tokens or on real values.
inline network any_network() {
  auto tokens = *rc::gen::inRange<uint64_t>(0, 3) * 3;
  auto classes = *rc::gen::inRange<uint64_t>(1, 9);
  network_description what;
  if (*rc::gen::arbitrary<bool>())
    what.loss = layer_kind::mean_squared_error;
  auto layers = *rc::gen::inRange<uint32_t>(1, 6);
  for (uint32_t i = 0; i < layers; ++i) {
    auto embedding = tokens > 0 && i == 0;
    auto last = i + 1 == layers && !embedding;
    auto x = line(i + 1, "layer" + std::to_string(i),
                  embedding ? layer_kind::embedding : layer_kind::dense,
                  last ? 0 : *rc::gen::inRange<uint64_t>(1, 20));
    if (i > 0)
      x.inputs.push_back("layer" + std::to_string(i - 1));
    for (uint32_t j = 0; j + 1 < i; ++j)
      if (*rc::gen::arbitrary<bool>())
        x.inputs.push_back("layer" + std::to_string(j));
    what.layers.push_back(std::move(x));
  }
  if (tokens > 0 && layers == 1)
    what.layers.push_back(line(2, "out", layer_kind::dense, 0));
  auto width = *rc::gen::inRange<uint64_t>(1, 6);
  return must(build_network(what, {width, tokens, classes}));
}

/// Draws a partition in which every layer is shuffled and dealt out; some parts
/// may have no neurons.
inline partition any_dealt_partition(const network& net, uint64_t count) {
  partition parts;
  parts.parts.resize(count);
  for (const auto& x : net.layers) {
    auto left = x.neurons();
    for (uint64_t part = 0; part < count; ++part) {
      auto share = part + 1 == count
                       ? left.size()
                       : *rc::gen::inRange<uint64_t>(0, left.size() + 1);
      auto [taken, rest] = deal(left, share, *rc::gen::arbitrary<uint64_t>());
      parts.parts[part] = unite(parts.parts[part], taken);
      left = rest;
    }
  }
  return parts;
}

/// Draws a partition of a network into parts that all have neurons.
inline partition any_partition(const network& net) {
  auto dealt = any_dealt_partition(net, *rc::gen::inRange<uint64_t>(1, 5));
  if (std::ranges::none_of(dealt.parts, &neuron_set::empty))
    return dealt;
  auto neurons = net.neuron_count();
  auto most = std::min<uint64_t>(neurons, 6);
  auto count = *rc::gen::inRange<uint64_t>(1, most + 1);
  std::vector<std::vector<neuron_id>> ids(count);
  for (neuron_id id = 0; id < neurons; ++id) {
    auto part = id < count ? id : *rc::gen::inRange<uint64_t>(0, count);
    ids[part].push_back(id);
  }
  partition parts;
  for (auto& x : ids)
    parts.parts.push_back(neuron_set::of(std::move(x)));
  return parts;
}

} // namespace nnactor::test
