#include "engine/networks.hpp"
#include "support/networks.hpp"
#include "support/sanitized.hpp"
#include "support/transformer_reference.hpp"

#include <cmath>

using namespace nnactor;

namespace {

constexpr uint32_t sequences = 4;

/// Sequences of tokens in which each follows from the one before, mostly.
batch sequences_for(const network& net, uint64_t seed) {
  auto rows = uint64_t{sequences} * net.context;
  auto tokens = static_cast<int64_t>(net.layers.front().tokens);
  counter_random random{seed, 4};
  tensor_builder<int32_t> inputs{{rows, 1}};
  tensor_builder<int32_t> targets{{rows, 1}};
  for (uint64_t s = 0; s < sequences; ++s) {
    auto token = static_cast<int64_t>(random.bits(s)) & 0xffff;
    for (uint64_t p = 0; p < net.context; ++p) {
      auto row = s * net.context + p;
      inputs.values()[row] = static_cast<int32_t>(token % tokens);
      auto jump = random.uniform(1000 + row) < 0.2f;
      token = jump ? static_cast<int64_t>(random.bits(2000 + row) & 0xffff)
                   : token * 3 + 1;
      targets.values()[row] = static_cast<int32_t>(token % tokens);
    }
  }
  return {std::move(inputs).share(), std::move(targets).share()};
}

/// What a network starts from in the engine.
std::vector<parameter_set> drawn(const network& net,
                                 const train_settings& how) {
  auto dev = make_cpu_device();
  return plain_loop{net, how, *dev}.save();
}

/// Shares of every layer, in whole neurons: key heads, hidden units, tokens
/// and coordinates.
partition shares_of(const network& net, std::vector<double> per_cent) {
  distribution how{mechanism::percentage, true, 1, 0, {}, {}};
  for (auto share : per_cent)
    how.shares.push_back({share, 0, {}, {}, pick::begin, {}});
  return parts_of(net, how);
}

std::vector<named_partition> partitions_of_transformer(const network& net) {
  std::vector<named_partition> all;
  all.push_back({"whole", shares_of(net, {100})});
  all.push_back({"37 and 63 per cent", shares_of(net, {37, 63})});
  all.push_back({"5 and 3 of 8", shares_of(net, {62.5, 37.5})});
  all.push_back(
      {"even by four", parts_of(net, {mechanism::even, true, 1, 4, {}, {}})});
  all.push_back(
      {"even by five", parts_of(net, {mechanism::even, true, 1, 5, {}, {}})});
  all.push_back({"dealt to three", dealt(net, 3, 5)});
  std::vector<std::string> first, second;
  for (size_t id = 1; id + 1 < net.layers.size(); ++id)
    if (net.layers[id].units > 0)
      (2 * id < net.layers.size() ? first : second)
          .push_back(net.layers[id].name);
  all.push_back(
      {"stages", parts_of(net, {mechanism::layers,
                                false,
                                1,
                                0,
                                {share{0, 0, {}, first, pick::begin, {}},
                                 share{0, 0, {}, second, pick::begin, {}}},
                                {}})});
  all.push_back({"first neurons apart", firsts_apart(net)});
  if (test::sanitized)
    all = {all[1], all[5]};
  return all;
}

constexpr test::transformer_variant both{.post_norm = true, .tied = true};

/// Batches of some steps and what the reference loses on each of them.
struct expected_losses {
  expected_losses(const network& net, const train_settings& how,
                  uint64_t steps) {
    transformer_reference reference{net, how, drawn(net, how)};
    for (uint64_t step = 0; step < steps; ++step) {
      auto x = sequences_for(net, step);
      losses.push_back(reference.step(x.inputs, x.targets));
      batches.push_back(std::move(x));
    }
  }

  /// How far the losses of a loop are from these at most.
  double farthest(plain_loop& loop) const {
    auto worst = 0.0;
    for (size_t i = 0; i < batches.size(); ++i) {
      auto loss = loop.step(batches[i].inputs, batches[i].targets);
      worst = std::max(worst, std::abs(loss - losses[i]));
    }
    return worst;
  }

  std::vector<batch> batches;
  std::vector<double> losses;
};

/// In all partitions, on all devices.
void check_first_losses(const network& net) {
  auto how = settings_for(sequences, optimizer_kind::adamw, 3e-3f);
  how.optimizer.weight_decay = 0.1f;
  how.optimizer.clip = 1.0f;
  expected_losses expected{net, how, 20};
  CHECK(expected.losses.back() < expected.losses.front());
  auto devices = all_devices();
  for (const auto& of : partitions_of_transformer(net)) {
    auto graph = make_group_graph(net, of.parts);
    for (auto& dev : devices)
      for (uint32_t micro_batches : {1, 4}) {
        CAPTURE(of.name);
        CAPTURE(dev->name());
        CAPTURE(micro_batches);
        how.micro_batches = micro_batches;
        plain_loop loop{net, graph, how, *dev};
        CHECK(expected.farthest(loop) < 1e-4);
      }
  }
}

} // namespace

TEST_CASE("the first 20 losses of transformers are those of the reference") {
  for (const auto& net :
       {test::small_gpt(), test::small_llama(), test::small_llama(2, 36, 9, 3)})
    check_first_losses(net);
}

TEST_CASE("so are those with post-norm, tied embeddings and both") {
  for (const auto& net :
       {test::small_gpt({.post_norm = true}), test::small_llama({.tied = true}),
        test::small_llama(2, 36, 9, 3, 8, 11, both)})
    check_first_losses(net);
}

namespace {

constexpr uint64_t few_steps = 5;

std::vector<double> losses_of(const network& net, const partition& parts,
                              const train_settings& how, device& dev) {
  plain_loop loop{net, make_group_graph(net, parts), how, dev};
  std::vector<double> out;
  for (uint64_t step = 0; step < few_steps; ++step) {
    auto x = sequences_for(net, step);
    out.push_back(loop.step(x.inputs, x.targets));
  }
  return out;
}

/// The same network with dropout on every stream.
network dropping(network net, double share) {
  for (auto& x : net.layers)
    if (x.kind == layer_kind::stream)
      x.dropout = share;
  return net;
}

double farthest(const std::vector<double>& xs, const std::vector<double>& ys) {
  auto out = 0.0;
  for (size_t i = 0; i < xs.size(); ++i)
    out = std::max(out, std::abs(xs[i] - ys[i]));
  return out;
}

} // namespace

TEST_CASE("what is computed again has the same bytes") {
  for (const auto& net :
       {test::small_gpt(), test::small_llama(), test::small_gpt(both)}) {
    auto how = settings_for(sequences, optimizer_kind::adam, 3e-3f);
    how.micro_batches = 2;
    auto again = how;
    again.recompute = true;
    auto graph = make_group_graph(net, shares_of(net, {37, 63}));
    for (auto& dev : all_devices()) {
      CAPTURE(dev->name());
      plain_loop kept{net, graph, how, *dev};
      plain_loop computed{net, graph, again, *dev};
      for (uint64_t step = 0; step < few_steps; ++step) {
        auto x = sequences_for(net, step);
        CHECK(kept.step(x.inputs, x.targets)
              == computed.step(x.inputs, x.targets));
      }
      CHECK(same_bytes(kept.save(), computed.save()));
    }
  }
}

TEST_CASE("dropout takes the same values whatever the partition") {
  for (const auto& whole : {test::small_gpt(), test::small_gpt(both)}) {
    auto net = dropping(whole, 0.3);
    auto how = settings_for(sequences, optimizer_kind::adam, 3e-3f);
    auto cpu = make_cpu_device();
    auto expected = losses_of(net, shares_of(net, {100}), how, *cpu);
    CHECK(farthest(expected, losses_of(whole, shares_of(net, {100}), how, *cpu))
          > 0.01);
    for (const auto& of : partitions_of_transformer(net))
      for (auto& dev : all_devices())
        for (uint32_t micro_batches : {1, 2, 4}) {
          how.micro_batches = micro_batches;
          CAPTURE(of.name);
          CAPTURE(dev->name());
          CAPTURE(micro_batches);
          CHECK(farthest(losses_of(net, of.parts, how, *dev), expected) < 1e-4);
        }
  }
}

TEST_CASE("dropout is for training only, and another at every step") {
  auto net = dropping(test::small_gpt(), 0.5);
  auto how = settings_for(sequences, optimizer_kind::sgd, 0.0f);
  auto dev = make_cpu_device();
  auto graph = make_group_graph(net, shares_of(net, {100}));
  plain_loop loop{net, graph, how, *dev};
  plain_loop whole{dropping(net, 0), graph, how, *dev};
  auto x = sequences_for(net, 1);
  CHECK(loop.evaluate(x.inputs, x.targets).loss_sum
        == whole.evaluate(x.inputs, x.targets).loss_sum);
  auto first = loop.step(x.inputs, x.targets);
  auto second = loop.step(x.inputs, x.targets);
  CHECK(first != second); // Nothing is learnt at a rate of 0.
  auto saved = loop.save();
  CHECK_FALSE(loop.load(saved, 0));
  CHECK(loop.step(x.inputs, x.targets) == first);
}
