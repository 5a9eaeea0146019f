#include "bench/bench.hpp"
#include "bench/stopwatch.hpp"

#include "nnactor/partition/connectivity.hpp"

#include <chrono>

namespace nnactor {

namespace {

/// Three sparse layers whose neurons belong to clusters that their order does
/// not tell, and an output of ten.
result<network> clustered_network(uint64_t neurons) {
  network_description what;
  for (int i = 0; i < 3; ++i) {
    auto& x = what.layers.emplace_back();
    x.name = fmt::format("sparse {}", i + 1);
    x.kind = layer_kind::sparse;
    x.units =
        (neurons - 10) / 3 + (static_cast<uint64_t>(i) < (neurons - 10) % 3);
    x.sparse = {
        .degree = 16, .pattern = connection_pattern::clustered, .clusters = 64};
  }
  auto& output = what.layers.emplace_back();
  output.name = "output";
  output.kind = layer_kind::sparse;
  output.units = 10;
  output.sparse.degree = 16;
  return build_network(what, {256, 0, 10});
}

result<uint64_t> crossing(const network& net, const distribution& how) {
  auto parts = distribute(net, how);
  if (!parts)
    return parts.error();
  return cut_of(net, *parts).crossing;
}

distribution at_random(uint64_t parts) {
  distribution out;
  out.how = mechanism::percentage;
  out.per_layer = true;
  for (uint64_t i = 0; i < parts; ++i) {
    auto& x = out.shares.emplace_back();
    x.percentage = 100.0 / static_cast<double>(parts);
    x.from = pick::random;
  }
  return out;
}

} // namespace

result<figures> run(const cut_bench& how) {
  auto net = clustered_network(how.neurons);
  if (!net)
    return net.error();
  auto random = crossing(*net, at_random(how.parts));
  if (!random)
    return random.error();
  distribution even;
  even.per_layer = true;
  even.parts = how.parts;
  auto in_order = crossing(*net, even);
  if (!in_order)
    return in_order.error();
  auto start = stopwatch::now();
  auto parts = split_by_connectivity(*net, how.parts, 1);
  if (!parts)
    return parts.error();
  auto time =
      std::chrono::duration<double, std::milli>(stopwatch::now() - start)
          .count();
  auto cut = cut_of(*net, *parts);
  uint64_t largest = 0;
  for (auto& x : parts->parts)
    largest = std::max(largest, x.size());
  auto number = [](uint64_t x) { return static_cast<double>(x); };
  return figures{
      {"connections", number(cut.all), 0, "between neurons"},
      {"random_cut", number(*random), 0, "of them cross, split at random"},
      {"even_cut", number(*in_order), 0, "cross, split in the order of ids"},
      {"connectivity_cut", number(cut.crossing), 0,
       "cross, split by connectivity"},
      {"cut_over_random", number(cut.crossing) / number(*random), 3,
       "of the cut at random"},
      {"largest_part",
       number(largest * how.parts) / number(net->neuron_count()), 3,
       "neurons of the largest part over those of an even one"},
      {"split_ms", time, 0, "ms to split by connectivity"},
  };
}

} // namespace nnactor
