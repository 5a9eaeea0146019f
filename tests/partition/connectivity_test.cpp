#include "nnactor/network/sparse.hpp"
#include "nnactor/partition/connectivity.hpp"
#include "nnactor/partition/group_graph.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// Two layers of clusters that the order of ids does not tell.
network clustered(uint64_t units) {
  network_description what;
  what.layers = {line(1, "first", layer_kind::sparse, units),
                 line(2, "second", layer_kind::sparse, units),
                 line(3, "out", layer_kind::sparse, 0)};
  for (auto& x : what.layers)
    x.sparse = {
        .degree = 8, .pattern = connection_pattern::clustered, .clusters = 12};
  return must(build_network(what, {100, 0, 4}));
}

distribution by_connectivity(uint64_t parts) {
  return {.how = mechanism::connectivity,
          .parts = parts,
          .shares = {},
          .where = {"exp.toml", 20, 1}};
}

distribution at_random(uint64_t parts) {
  distribution out{.how = mechanism::percentage, .shares = {}, .where = {}};
  for (uint64_t i = 0; i < parts; ++i)
    out.shares.push_back({.percentage = 100.0 / static_cast<double>(parts),
                          .ids = {},
                          .layers = {},
                          .from = pick::random,
                          .where = {}});
  return out;
}

} // namespace

TEST_CASE("a split by connectivity cuts few connections and is even") {
  auto net = clustered(3000);
  for (uint64_t parts : {2, 3, 4}) {
    CAPTURE(parts);
    auto split = must(distribute(net, by_connectivity(parts)));
    auto random = must(distribute(net, at_random(parts)));
    CHECK(cut_of(net, split).crossing < cut_of(net, random).crossing / 2);
    for (auto& x : split.parts) {
      CHECK(x.size() < 1.15 * 6004 / static_cast<double>(parts));
      CHECK(x.size() > 0.85 * 6004 / static_cast<double>(parts));
    }
  }
}

TEST_CASE("every neuron is in one part, the same every time") {
  auto net = clustered(500);
  auto split = must(distribute(net, by_connectivity(3)));
  neuron_set all;
  uint64_t count = 0;
  for (auto& x : split.parts) {
    all = unite(all, x);
    count += x.size();
  }
  CHECK(all == neuron_set::range(0, net.neuron_count()));
  CHECK(count == net.neuron_count());
  auto again = must(distribute(net, by_connectivity(3)));
  CHECK(again.parts == split.parts);
}

TEST_CASE("cuts are counted connection by connection") {
  CHECK(rc::check("dense and sparse, against the definition", [] {
    network_description what;
    what.layers = {line(1, "first", layer_kind::dense, 9),
                   line(2, "second", layer_kind::sparse, 7, {"first", "input"}),
                   line(3, "out", layer_kind::dense, 0, {"first", "second"})};
    what.layers[1].sparse.degree = *rc::gen::inRange<uint32_t>(1, 12);
    what.layers[1].sparse.seed = *rc::gen::arbitrary<uint32_t>();
    auto net = must(build_network(what, {5, 0, 3}));
    auto parts = any_partition(net);
    auto part_of = [&](neuron_id id) {
      return std::ranges::find_if(parts.parts,
                                  [&](auto& x) { return x.contains(id); })
             - parts.parts.begin();
    };
    connection_cut expected;
    auto count = [&](neuron_id a, neuron_id b) {
      ++expected.all;
      expected.crossing += part_of(a) != part_of(b) ? 1 : 0;
    };
    for (neuron_id a = 0; a < 9; ++a)
      for (neuron_id b = 16; b < 19; ++b)
        count(a, b);
    for (neuron_id a = 9; a < 16; ++a)
      for (neuron_id b = 16; b < 19; ++b)
        count(a, b);
    sparse_connections connections{net, 2};
    for (neuron_id a = 9; a < 16; ++a)
      for (auto column : connections.of(a))
        if (column < 9)
          count(a, column);
    auto found = cut_of(net, parts);
    RC_ASSERT(found.all == expected.all);
    RC_ASSERT(found.crossing == expected.crossing);
  }));
}

TEST_CASE("groups of sparse layers are connected where their neurons are") {
  CHECK(rc::check("edges follow from connections", [] {
    auto net = clustered(*rc::gen::inRange<uint64_t>(8, 40));
    auto parts = any_partition(net);
    auto graph = make_group_graph(net, parts);
    for (const auto& reader : graph.groups) {
      if (reader.kind != group_kind::neurons)
        continue;
      sparse_connections connections{net, reader.layer};
      std::vector<group_id> expected;
      for (const auto& producer : graph.groups) {
        auto reads = false;
        for (uint64_t slot = 0; slot < reader.neurons.size(); ++slot)
          for (auto column : connections.of(reader.neurons.id_at(slot))) {
            auto from = source_of(net, reader.layer, column);
            reads = reads
                    || (from.neuron ? producer.neurons.contains(*from.neuron)
                                    : producer.kind == group_kind::input);
          }
        if (reads)
          expected.push_back(producer.id);
      }
      RC_ASSERT(ends_of(reader.upstream) == expected);
    }
  }));
}

TEST_CASE("what cannot be split by connectivity says so") {
  auto net = clustered(20);
  auto how = by_connectivity(2);
  how.per_layer = true;
  CHECK(sentence(distribute(net, how))
        == "exp.toml:20:1: by connectivity, the network is split as a whole; "
           "remove per_layer = true");
  CHECK(sentence(distribute(net, by_connectivity(45)))
        == "exp.toml:20:1: 45 parts are more than the 44 neurons of the "
           "network");
}

TEST_CASE("a transformer is split by connectivity into parts that are even") {
  for (const auto& net : {small_gpt(), small_llama()})
    for (uint64_t parts : {2, 3, 5}) {
      CAPTURE(parts);
      auto split = must(distribute(net, by_connectivity(parts)));
      neuron_set all;
      uint64_t count = 0;
      for (auto& x : split.parts) {
        CHECK_FALSE(x.empty());
        all = unite(all, x);
        count += x.size();
      }
      CHECK(all == neuron_set::range(0, net.neuron_count()));
      CHECK(count == net.neuron_count());
      CHECK(split.parts.size() == parts);
      auto random = must(distribute(net, at_random(parts)));
      CHECK(cut_of(net, split).crossing <= cut_of(net, random).crossing);
    }
}

TEST_CASE("cuts of transformers are counted connection by connection") {
  CHECK(rc::check("against the definition", [] {
    auto net = any_transformer();
    auto parts = any_partition(net);
    auto part_of = [&](neuron_id id) {
      return std::ranges::find_if(parts.parts,
                                  [&](auto& x) { return x.contains(id); })
             - parts.parts.begin();
    };
    connection_cut expected;
    for (const auto& x : net.layers)
      for (auto input : x.inputs) {
        const auto& from = net.layers[input];
        for (auto a = x.first; a < x.first + x.units; ++a)
          for (auto b = from.first; b < from.first + from.units; ++b) {
            // A coordinate of a stream is added to the same one of the next.
            if (x.kind == layer_kind::stream && is_coordinate(from.kind)
                && a - x.first != b - from.first)
              continue;
            ++expected.all;
            expected.crossing += part_of(a) != part_of(b) ? 1 : 0;
          }
      }
    auto found = cut_of(net, parts);
    RC_ASSERT(found.all == expected.all);
    RC_ASSERT(found.crossing == expected.crossing);
  }));
}
