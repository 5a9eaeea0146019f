#pragma once

#include "support/devices.hpp"

#include "nnactor/engine/plain_loop.hpp"
#include "nnactor/neuron/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace nnactor {

/// Some examples, one a row.
struct batch {
  tensor inputs;
  tensor targets;
};

/// A layer in one line: name, kind, activation, units, inputs.
inline layer_description layer_of(std::string name, layer_kind kind,
                                  activation act, uint64_t units,
                                  std::vector<std::string> inputs = {}) {
  return {std::move(name), kind, act, units, std::move(inputs), {}};
}

inline layer_description dense(std::string name, activation act, uint64_t units,
                               std::vector<std::string> inputs = {}) {
  return layer_of(std::move(name), layer_kind::dense, act, units,
                  std::move(inputs));
}

inline network network_of(std::vector<layer_description> layers,
                          const data_shape& data,
                          layer_kind loss = layer_kind::softmax_cross_entropy) {
  auto net = build_network({std::move(layers), loss, {}}, data);
  REQUIRE_MESSAGE(net, explain(net.error()));
  return *net;
}

/// A language model: 5 tokens of 11, 3 layers, 51 neurons.
inline network
language_model(layer_kind loss = layer_kind::softmax_cross_entropy) {
  return network_of(
      {layer_of("embedding", layer_kind::embedding, activation::none, 7),
       dense("first", activation::relu, 20),
       dense("second", activation::gelu, 13),
       dense("output", activation::none, 11)},
      {5, 11, 11}, loss);
}

/// Layers that read two others, the input among them.
inline network
skipping_network(layer_kind loss = layer_kind::softmax_cross_entropy) {
  return network_of(
      {dense("first", activation::tanh, 9),
       dense("second", activation::sigmoid, 8, {"first", "input"}),
       dense("third", activation::gelu, 6, {"second", "first"}),
       dense("output", activation::none, 4, {"third", "first"})},
      {6, 0, 4}, loss);
}

inline layer_description sparse(std::string name, activation act,
                                uint64_t units, sparsity how,
                                std::vector<std::string> inputs = {}) {
  auto out = layer_of(std::move(name), layer_kind::sparse, act, units,
                      std::move(inputs));
  out.sparse = how;
  return out;
}

/// A language model of sparse layers, one with a memory; some neurons are read
/// by nobody.
inline network
sparse_network(layer_kind loss = layer_kind::softmax_cross_entropy) {
  sparsity clustered{.degree = 5,
                     .pattern = connection_pattern::clustered,
                     .clusters = 3,
                     .inside = 0.7};
  auto memory = sparse("memory", activation::tanh, 16, clustered,
                       {"embedding", "memory"});
  memory.delays = {{"memory", 1}};
  return network_of(
      {layer_of("embedding", layer_kind::embedding, activation::none, 7),
       memory, sparse("few", activation::gelu, 13, {.degree = 2}, {"memory"}),
       sparse("output", activation::none, 6, {.degree = 4})},
      {2, 6, 6, 3}, loss);
}

/// A layer that also reads another one of an earlier time step.
inline layer_description delayed(layer_description what, std::string input,
                                 uint32_t delay) {
  if (std::ranges::find(what.inputs, input) == what.inputs.end())
    what.inputs.push_back(input);
  what.delays.emplace_back(std::move(input), delay);
  return what;
}

/// An Elman network with more memory than one needs: a hidden layer that reads
/// itself, a context that remembers it for two time steps, and the output.
inline network
recurrent_network(uint32_t time_steps = 5,
                  layer_kind loss = layer_kind::softmax_cross_entropy) {
  return network_of(
      {delayed(delayed(dense("hidden", activation::tanh, 14, {"input"}),
                       "hidden", 1),
               "context", 2),
       dense("context", activation::sigmoid, 9, {"hidden"}),
       delayed(dense("output", activation::none, 4, {"hidden"}), "output", 1)},
      {6, 0, 4, time_steps}, loss);
}

/// Examples that fit `net`, drawn from a seed. The label of a time step follows
/// from what came one before it, so that there is something to learn and to
/// remember.
inline batch batch_for(const network& net, uint64_t rows, uint64_t seed) {
  const auto& input = net.layers.front();
  auto steps = net.time_steps;
  counter_random random{seed, 1};
  tensor_builder<int32_t> labels{{rows, steps}};
  auto classes = net.output().width;
  auto label_all = [&](auto label_of) {
    for (size_t i = 0; i < labels.values().size(); ++i)
      labels.values()[i] =
          static_cast<int32_t>(label_of(i % steps > 0 ? i - 1 : i) % classes);
  };
  if (input.tokens > 0) {
    tensor_builder<int32_t> tokens{{rows, steps * input.width}};
    for (size_t i = 0; i < tokens.values().size(); ++i)
      tokens.values()[i] = static_cast<int32_t>(random.bits(i) % input.tokens);
    label_all([&](size_t i) {
      return static_cast<uint64_t>(tokens.values()[(i + 1) * input.width - 1]);
    });
    return {std::move(tokens).share(), std::move(labels).share()};
  }
  tensor_builder<float> x{{rows, steps * input.width}};
  for (size_t i = 0; i < x.values().size(); ++i)
    x.values()[i] = 2 * random.uniform(i) - 1;
  label_all([&](size_t i) {
    return static_cast<uint64_t>((x.values()[i * input.width] + 1) * 7);
  });
  return {std::move(x).share(), std::move(labels).share()};
}

/// Real values in [-1, 1), for mean squared error.
inline tensor values_for(const network& net, uint64_t rows, uint64_t seed) {
  tensor_builder<float> x{{rows, net.output().width * net.time_steps}};
  counter_random random{seed, 2};
  for (size_t i = 0; i < x.values().size(); ++i)
    x.values()[i] = 2 * random.uniform(i) - 1;
  return std::move(x).share();
}

/// One way to split a network, and what to call it.
struct named_partition {
  std::string name;
  partition parts;
};

inline partition parts_of(const network& net, const distribution& how) {
  auto parts = distribute(net, how);
  REQUIRE_MESSAGE(parts, explain(parts.error()));
  return *parts;
}

/// Deals neurons out to parts like cards, but unevenly.
inline partition dealt(const network& net, uint64_t parts, uint64_t seed) {
  std::vector<std::vector<neuron_id>> ids(parts);
  counter_random random{seed, 3};
  for (neuron_id id = 0; id < net.neuron_count(); ++id)
    ids[std::min(random.bits(id) % (2 * parts - 1), parts - 1)].push_back(id);
  partition out;
  for (auto& part : ids)
    out.parts.push_back(neuron_set::of(std::move(part)));
  return out;
}

/// The first neuron of every layer on one side, all others on the other.
partition firsts_apart(const network& net);

/// Every mechanism of the distributor, and splits that no mechanism gives.
inline std::vector<named_partition> partitions_of(const network& net) {
  std::vector<named_partition> all;
  auto add = [&](std::string name, const distribution& how) {
    all.push_back({std::move(name), parts_of(net, how)});
  };
  auto percent = [](double share, pick from) {
    return nnactor::share{share, 0, {}, {}, from, {}};
  };
  auto number = [](uint64_t count, pick from) {
    return nnactor::share{0, count, {}, {}, from, {}};
  };
  auto listed = [](std::vector<neuron_interval> ids) {
    return nnactor::share{0, 0, std::move(ids), {}, pick::begin, {}};
  };
  auto n = net.neuron_count();
  add("even", {mechanism::even, true, 1, 3, {}, {}});
  add("37 and 63 per cent of every layer",
      {mechanism::percentage,
       true,
       1,
       0,
       {percent(37, pick::end), percent(63, pick::begin)},
       {}});
  add("random halves of the network",
      {mechanism::percentage,
       false,
       7,
       0,
       {percent(50, pick::random), percent(50, pick::random)},
       {}});
  add("counts", {mechanism::count,
                 false,
                 1,
                 0,
                 {number(5, pick::end), number(3, pick::random),
                  number(n - 8, pick::begin)},
                 {}});
  add("ids in no order", {mechanism::ids,
                          false,
                          1,
                          0,
                          {listed({{n - 3, n}, {1, 2}, {7, 12}}),
                           listed({{12, n - 3}, {0, 1}, {2, 7}})},
                          {}});
  std::vector<std::string> even_layers, odd_layers;
  for (size_t id = 1; id + 1 < net.layers.size(); ++id)
    (id % 2 ? odd_layers : even_layers).push_back(net.layers[id].name);
  add("layers", {mechanism::layers,
                 false,
                 1,
                 0,
                 {share{0, 0, {}, odd_layers, pick::begin, {}},
                  share{0, 0, {}, even_layers, pick::begin, {}}},
                 {}});
  all.push_back({"dealt to five", dealt(net, 5, 11)});
  return all;
}

/// Training settings for batches of `rows`.
inline train_settings settings_for(uint64_t rows, optimizer_kind kind,
                                   float rate) {
  train_settings how;
  how.batch = static_cast<uint32_t>(rows);
  how.optimizer.kind = kind;
  how.schedule.rate = rate;
  return how;
}

inline bool same_bytes(const tensor& x, const tensor& y) {
  auto size = x.bytes().size();
  return x.type() == y.type() && x.extent() == y.extent()
         && std::equal(x.bytes().data(), x.bytes().data() + size,
                       y.bytes().data(), y.bytes().data() + y.bytes().size());
}

inline bool same_bytes(const parameter_set& x, const parameter_set& y) {
  return x.layer == y.layer && x.neurons == y.neurons
         && std::ranges::equal(x.parameters, y.parameters,
                               [](const parameter& a, const parameter& b) {
                                 return a.name == b.name
                                        && same_bytes(a.values, b.values);
                               });
}

inline bool same_bytes(const std::vector<parameter_set>& xs,
                       const std::vector<parameter_set>& ys) {
  return std::ranges::equal(
      xs, ys, [](const auto& x, const auto& y) { return same_bytes(x, y); });
}

/// Puts saved rows together anew for the groups of another partition, as a
/// store does; nothing for groups of layers of which nothing was saved.
std::vector<parameter_set> regroup(const std::vector<parameter_set>& saved,
                                   const group_graph& graph);

} // namespace nnactor
