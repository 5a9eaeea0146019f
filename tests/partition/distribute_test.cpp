#include "nnactor/partition/group_graph.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// A distribution written at line 20 of exp.toml, its shares below it.
distribution written(mechanism how, std::vector<share> shares,
                     bool per_layer = false) {
  for (uint32_t i = 0; i < shares.size(); ++i)
    shares[i].where = {"exp.toml", 21 + i, 3};
  return {.how = how,
          .per_layer = per_layer,
          .shares = std::move(shares),
          .where = {"exp.toml", 20, 1}};
}

share percent(double x, pick from = pick::begin) {
  share s;
  s.percentage = x;
  s.from = from;
  return s;
}

share count(uint64_t x, pick from = pick::begin) {
  share s;
  s.count = x;
  s.from = from;
  return s;
}

share ids(std::vector<neuron_interval> x) {
  share s;
  s.ids = std::move(x);
  return s;
}

share layers(std::vector<std::string> x) {
  share s;
  s.layers = std::move(x);
  return s;
}

std::string complaint(const network& net, const distribution& how) {
  auto parts = distribute(net, how);
  if (!parts)
    CHECK(code_of(parts.error()) == ec::invalid_partition);
  return sentence(parts);
}

std::vector<uint64_t> sizes(const partition& parts) {
  std::vector<uint64_t> result;
  for (const auto& x : parts.parts)
    result.push_back(x.size());
  return result;
}

pick any_pick() {
  return *rc::gen::element(pick::begin, pick::end, pick::random);
}

/// Cuts `whole` into `pieces` positive numbers.
std::vector<uint64_t> any_cut(uint64_t whole, uint64_t pieces) {
  std::vector<uint64_t> cut(pieces, 1);
  for (auto left = whole - pieces; left > 0; --left)
    ++cut[*rc::gen::inRange<size_t>(0, pieces)];
  return cut;
}

/// Draws shares of any mechanism that are right for the network.
distribution any_distribution(const network& net) {
  auto how =
      *rc::gen::element(mechanism::even, mechanism::percentage,
                        mechanism::count, mechanism::ids, mechanism::layers);
  auto neurons = net.neuron_count();
  auto parts = *rc::gen::inRange<uint64_t>(
      1, std::min<uint64_t>(5, net.layers.size() - 2) + 1);
  parts = std::min(parts, neurons);
  auto what = written(how, std::vector<share>(parts));
  what.parts = parts;
  what.seed = *rc::gen::arbitrary<uint64_t>();
  auto cut = any_cut(neurons, parts);
  auto split = any_partition(net);
  if (how == mechanism::ids)
    what.shares.resize(split.parts.size());
  for (size_t i = 0; i < what.shares.size(); ++i) {
    auto& x = what.shares[i];
    x.from = any_pick();
    if (how == mechanism::ids)
      x.ids = split.parts[i].intervals();
    else
      x.count = cut[i];
    x.percentage =
        100.0 * static_cast<double>(x.count) / static_cast<double>(neurons);
  }
  for (size_t i = 1; i + 1 < net.layers.size(); ++i)
    what.shares[i % what.shares.size()].layers.push_back(net.layers[i].name);
  return what;
}

} // namespace

TEST_CASE("every mechanism puts every neuron into exactly one part") {
  CHECK(rc::check("parts are disjoint, not empty and cover the network", [] {
    auto net = any_network();
    auto how = any_distribution(net);
    auto parts = distribute(net, how);
    RC_LOG() << to_string(how.how) << " " << sentence(parts);
    RC_ASSERT(static_cast<bool>(parts));
    neuron_set all;
    uint64_t sum = 0;
    for (const auto& x : parts->parts) {
      RC_ASSERT(!x.empty());
      all = unite(all, x);
      sum += x.size();
    }
    RC_ASSERT(all == neuron_set::range(0, net.neuron_count()));
    RC_ASSERT(sum == net.neuron_count());
    if (how.how == mechanism::count)
      for (size_t i = 0; i < how.shares.size(); ++i)
        RC_ASSERT(parts->parts[i].size() == how.shares[i].count);
  }));
}

TEST_CASE("percentages are rounded by the largest remainder") {
  auto net = small_language_model(); // 19 neurons
  auto parts = must(distribute(
      net, written(mechanism::percentage, {percent(37), percent(63)})));
  CHECK(sizes(parts) == std::vector<uint64_t>{7, 12}); // 7.03 and 11.97
  parts = must(
      distribute(net, written(mechanism::percentage,
                              {percent(33.3333333333), percent(33.3333333333),
                               percent(33.3333333334)})));
  CHECK(std::accumulate(parts.parts.begin(), parts.parts.end(), uint64_t{0},
                        [](auto sum, const auto& x) { return sum + x.size(); })
        == 19);
}

TEST_CASE("parts take from the begin, from the end or at random") {
  auto net = small_regression(); // 15 neurons
  auto how =
      written(mechanism::count, {count(3, pick::end), count(5, pick::begin),
                                 count(4, pick::random), count(3)});
  auto parts = must(distribute(net, how));
  CHECK(parts.parts[0] == neuron_set::range(12, 15));
  CHECK(parts.parts[1] == neuron_set::range(0, 5));
  CHECK(subtract(parts.parts[2], neuron_set::range(5, 12)).empty());
  CHECK(parts.parts[2].size() == 4);
  CHECK(must(distribute(net, how)).parts == parts.parts);
  std::vector<neuron_set> drawn;
  for (how.seed = 1; how.seed <= 8; ++how.seed)
    drawn.push_back(must(distribute(net, how)).parts[2]);
  CHECK(std::ranges::count(drawn, drawn.front()) < 8);
}

TEST_CASE("shares can apply to every layer by itself") {
  auto net = small_regression(); // 8, 4, 3
  auto parts = must(distribute(
      net, written(mechanism::percentage, {percent(50), percent(50)}, true)));
  CHECK(parts.parts[0] == neuron_set{{{0, 4}, {8, 10}, {12, 14}}});
  auto even = written(mechanism::even, {}, true);
  even.parts = 3;
  parts = must(distribute(net, even));
  CHECK(parts.parts[0] == neuron_set{{{0, 3}, {8, 10}, {12, 13}}});
  network_description square;
  square.layers = {line(1, "a", layer_kind::dense, 4),
                   line(2, "b", layer_kind::dense, 4)};
  net = must(build_network(square, {2, 0, 4}));
  parts = must(
      distribute(net, written(mechanism::ids,
                              {ids({{3, 4}, {0, 1}}), ids({{1, 3}})}, true)));
  CHECK(parts.parts[0] == neuron_set{{{0, 1}, {3, 5}, {7, 8}}});
}

TEST_CASE("ids come in any order, whole layers by name") {
  auto net = small_regression();
  auto parts =
      must(distribute(net, written(mechanism::ids, {ids({{14, 15}, {0, 2}}),
                                                    ids({{5, 14}, {2, 5}})})));
  CHECK(parts.parts[0] == neuron_set{{{0, 2}, {14, 15}}});
  parts = must(
      distribute(net, written(mechanism::layers,
                              {layers({"out", "hidden"}), layers({"waist"})})));
  CHECK(parts.parts[1] == neuron_set::range(8, 12));
}

TEST_CASE("totals that do not fit are told with both numbers") {
  auto net = small_regression();
  CHECK(
      complaint(net, written(mechanism::percentage, {percent(40), percent(50)}))
      == "exp.toml:20:1: the percentages add up to 90, not to 100");
  CHECK(complaint(net, written(mechanism::percentage,
                               {percent(33.3), percent(33.3), percent(33.3)}))
        == "exp.toml:20:1: the percentages add up to 99.9, not to 100");
  CHECK(complaint(net,
                  written(mechanism::percentage, {percent(-10), percent(110)}))
        == "exp.toml:21:3: part 0: -10 % is not a percentage between 0 and "
           "100");
  CHECK(complaint(net, written(mechanism::count, {count(10), count(4)}))
        == "exp.toml:20:1: the counts add up to 14, but the network has 15 "
           "neurons (1 in no part)");
  CHECK(complaint(net, written(mechanism::count, {count(UINT64_MAX), count(4)}))
            .find("too many")
        != std::string::npos);
  CHECK(complaint(net, written(mechanism::count, {count(8), count(1)}, true))
        == "exp.toml:20:1: the counts add up to 9, but layer 'hidden' has 8 "
           "neurons (1 too many)");
}

TEST_CASE("an id in two parts, in none or out of range is named") {
  auto net = small_regression();
  CHECK(complaint(net, written(mechanism::ids, {ids({{0, 8}}), ids({{7, 15}})}))
        == "exp.toml:22:3: part 1: neuron 7 of the network is already in "
           "exp.toml:21:3: part 0");
  CHECK(complaint(net, written(mechanism::ids, {ids({{0, 4}}), ids({{6, 15}})}))
        == "exp.toml:20:1: neuron 4 of the network is in no part (2 such "
           "neurons)");
  CHECK(complaint(net, written(mechanism::ids, {ids({{0, 4}}), ids({{4, 16}})}))
        == "exp.toml:22:3: part 1: neuron 15 is out of range; the network has "
           "neurons 0 to 14");
  CHECK(complaint(net, written(mechanism::ids, {ids({{5, 5}})}))
            .starts_with("exp.toml:21:3: part 0: the ids from 5 to before 5"));
  CHECK(complaint(net, written(mechanism::ids,
                               {ids({{0, 8}, {3, 4}}), ids({{8, 15}})}))
        == "exp.toml:21:3: part 0: neuron 3 of the network is listed twice");
  CHECK(complaint(net,
                  written(mechanism::ids, {ids({{0, 4}}), ids({{4, 8}})}, true))
        == "exp.toml:22:3: part 1: neuron 7 is out of range; layer 'waist' has "
           "neurons 0 to 3");
}

TEST_CASE("a layer that is not there, doubled or left out is named") {
  auto net = small_regression();
  CHECK(complaint(net, written(mechanism::layers,
                               {layers({"hidden", "out"}), layers({"wast"})}))
        == "exp.toml:22:3: part 1: there is no layer 'wast'; did you mean "
           "'waist'?");
  CHECK(complaint(net, written(mechanism::layers,
                               {layers({"hidden"}), layers({"hidden"})}))
        == "exp.toml:22:3: part 1: layer 'hidden' is already in exp.toml:21:3: "
           "part 0");
  CHECK(complaint(net, written(mechanism::layers,
                               {layers({"hidden"}), layers({"out"})}))
        == "exp.toml:20:1: layer 'waist' is in no part");
  CHECK(complaint(net, written(mechanism::layers, {layers({"input"})}))
        == "exp.toml:21:3: part 0: layer 'input' has no neurons to distribute; "
           "leave it out");
  CHECK(complaint(net, written(mechanism::layers, {layers({"out"})}, true))
        == "exp.toml:20:1: per_layer cannot be combined with whole layers; "
           "remove one of the two");
}

TEST_CASE("a table that is tied has no neurons to be given to a part") {
  auto net = small_gpt({.tied = true});
  REQUIRE(net.layers[1].tied);
  std::vector<std::string> all;
  for (const auto& x : net.layers)
    if (x.units > 0)
      all.push_back(x.name);
  auto parts = must(distribute(net, written(mechanism::layers, {layers(all)})));
  CHECK(parts.parts[0] == neuron_set::range(0, net.neuron_count()));
  auto half = written(mechanism::percentage, {percent(50), percent(50)}, true);
  for (const auto& x : must(distribute(net, half)).parts)
    for (const auto& of : net.layers)
      if (of.units % 2 == 0)
        CHECK(intersect(x, of.neurons()).size() == of.units / 2);
  all.push_back("tokens");
  CHECK(complaint(net, written(mechanism::layers, {layers(all)}))
        == "exp.toml:21:3: part 0: layer 'tokens' has no neurons of its own, "
           "they are those of 'vocabulary'; leave it out");
}

TEST_CASE("a table that is tied is of no type that can be given to a part") {
  auto types = [](std::vector<std::string> x) {
    share s;
    s.types = std::move(x);
    return s;
  };
  std::vector<std::string> others = {"stream", "attention", "mlp",
                                     "vocabulary"};
  auto rest = types(others);
  // The table of positions is there.
  auto gpt = small_gpt({.tied = true});
  auto parts = must(
      distribute(gpt, written(mechanism::types, {types({"table"}), rest})));
  CHECK(parts.parts[0] == gpt.layers[must(gpt.find("positions"))].neurons());
  auto llama = small_llama({.tied = true});
  CHECK(
      must(distribute(llama, written(mechanism::types, {rest}))).parts[0].size()
      == llama.neuron_count());
  CHECK(complaint(llama, written(mechanism::types, {types({"table"}), rest}))
        == "exp.toml:21:3: part 0: layer 'tokens' has no neurons of its own, "
           "they are those of 'vocabulary'; leave it out");
}

// Who looks at all layers for each of them takes minutes for this.
TEST_CASE("thousands of layers are split") {
  auto net = small_gpt(2000, 8, 2, 2, 5);
  auto picked =
      written(mechanism::percentage,
              {percent(60, pick::random), percent(40, pick::random)}, true);
  std::vector<std::string> even, odd;
  for (size_t id = 1; id + 1 < net.layers.size(); ++id)
    (id % 2 == 0 ? even : odd).push_back(net.layers[id].name);
  auto by_name = written(mechanism::layers, {layers(even), layers(odd)});
  for (const auto& how : {picked, by_name}) {
    auto parts = must(distribute(net, how));
    auto graph = make_group_graph(net, parts);
    CHECK(parts.parts[0].size() + parts.parts[1].size() == net.neuron_count());
    CHECK(graph.groups.size() >= net.layers.size());
  }
}

TEST_CASE("a part without neurons and no parts at all are errors") {
  auto net = small_regression();
  CHECK(complaint(net, written(mechanism::count, {count(15), count(0)}))
        == "exp.toml:22:3: part 1 gets no neurons; give it some or remove it");
  CHECK(complaint(net, written(mechanism::ids, {}))
        == "exp.toml:20:1: the neurons must go to at least one part");
  auto even = written(mechanism::even, {});
  even.parts = 16;
  CHECK(complaint(net, even)
        == "exp.toml:20:1: 16 parts are more than the 15 neurons of the "
           "network");
}

TEST_CASE("names of mechanisms and picks can be read back") {
  for (const auto& name : mechanism_names())
    CHECK(to_string(*mechanism_from(name)) == name);
  for (const auto& name : pick_names())
    CHECK(to_string(*pick_from(name)) == name);
  CHECK_FALSE(pick_from("middle"));
}
