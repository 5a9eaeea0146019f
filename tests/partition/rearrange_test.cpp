#include "nnactor/partition/rearrange.hpp"

#include "nnactor/partition/rebalance.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

arrangement any_arrangement(const network& net) {
  distribution how;
  how.parts = *rc::gen::inRange<uint64_t>(1, 5);
  how.per_layer = *rc::gen::arbitrary<bool>();
  arrangement out;
  // A layer may have fewer neurons than parts.
  auto parts = distribute(net, how);
  RC_PRE(static_cast<bool>(parts));
  out.parts = std::move(*parts);
  out.graph = make_group_graph(net, out.parts);
  out.where = place(out.graph, *rc::gen::inRange(1, 5), 2);
  return out;
}

/// Every neuron in one group, every group on a node that is there.
void check_sound(const network& net, const arrangement& x) {
  neuron_set all;
  uint64_t size = 0;
  RC_ASSERT(x.where.seats.size() == x.graph.groups.size());
  for (auto& g : x.graph.groups) {
    auto outside = g.kind == group_kind::input || g.kind == group_kind::target;
    RC_ASSERT((x.where.seats[g.id].node == x.where.driver()) == outside);
    RC_ASSERT(x.where.seats[g.id].node <= x.where.nodes);
    all = unite(all, g.neurons);
    size += g.neurons.size();
    if (g.twin)
      RC_ASSERT(x.where.seats[g.id] == x.where.seats[*g.twin]);
  }
  RC_ASSERT(size == net.neuron_count());
  RC_ASSERT(all == neuron_set::range(0, net.neuron_count()));
  for (auto& part : x.parts.parts)
    RC_ASSERT(!part.empty());
}

} // namespace

TEST_CASE("no move loses a neuron or a group, or parts twins") {
  auto tied = small_gpt({.tied = true});
  CHECK(rc::check([&] {
    auto net = *rc::gen::element(small_language_model(), tied);
    auto x = any_arrangement(net);
    for (int i = *rc::gen::inRange(1, 8); i > 0; --i) {
      auto node = *rc::gen::inRange<node_index>(0, x.where.nodes);
      auto before = x;
      result<arrangement> next = x;
      switch (*rc::gen::inRange(0, 5)) {
      case 0:
        next = move_group(x, *rc::gen::inRange<group_id>(0, 40), node, 2);
        break;
      case 1: {
        auto first = *rc::gen::inRange<uint64_t>(0, net.neuron_count());
        auto end =
            *rc::gen::inRange<uint64_t>(first + 1, net.neuron_count() + 1);
        next = move_neurons(net, x, {first, end}, node, 2);
        if (next)
          for (auto& g : next->graph.groups)
            if (!intersect(g.neurons, neuron_set::range(first, end)).empty())
              RC_ASSERT(next->where.seats[g.id].node == node);
        break;
      }
      case 2:
        next = add_node(x, *rc::gen::inRange(0u, x.where.nodes + 1));
        break;
      case 3:
        next = evacuate_node(net, x, node, 2);
        if (next) {
          RC_ASSERT(std::ranges::none_of(
              next->where.seats,
              [node](const placement::seat& s) { return s.node == node; }));
          check_sound(net, *next);
          next = drop_node(*next, node);
        }
        break;
      default: {
        std::vector<double> busy(x.graph.groups.size());
        for (auto& b : busy)
          b = *rc::gen::inRange(0, 1000) / 1000.0;
        auto better = rebalance(net, x, busy, 4, 2);
        RC_ASSERT(better.gain >= 1);
        next = better.next;
      }
      }
      if (next)
        x = std::move(*next);
      check_sound(net, x);
    }
  }));
}

TEST_CASE("a tied table goes where its vocabulary goes") {
  auto net = small_gpt({.tied = true});
  arrangement x;
  x.parts = {{neuron_set::range(0, net.neuron_count())}};
  x.graph = make_group_graph(net, x.parts);
  x.where = place(x.graph, 2, 2);
  auto vocabulary = x.graph.loss_group() - 1;
  auto table = *x.graph.groups[vocabulary].twin;
  CHECK(x.graph.groups[table].borrows());
  CHECK(x.graph.groups[table].neurons.empty());
  CHECK_FALSE(x.graph.groups[vocabulary].borrows());
  auto refused = move_group(x, table, 1, 2);
  REQUIRE_FALSE(refused);
  CHECK(explain(refused.error()).find("goes where that goes")
        != std::string::npos);
  auto moved = move_group(x, vocabulary, 1, 2);
  REQUIRE(moved);
  CHECK(moved->where.seats[table].node == 1);
  CHECK(moved->where.seats[table] == moved->where.seats[vocabulary]);
}

TEST_CASE("what moved is listed, once") {
  auto net = small_language_model();
  CHECK(rc::check([&] {
    auto x = any_arrangement(net);
    auto node = *rc::gen::inRange<node_index>(0, x.where.nodes);
    auto first = *rc::gen::inRange<uint64_t>(0, net.neuron_count());
    auto next = move_neurons(net, x, {first, net.neuron_count()}, node, 1);
    if (!next) // All there already.
      return;
    uint64_t expected = 0;
    for (auto& g : x.graph.groups)
      if (g.kind == group_kind::neurons && x.where.seats[g.id].node != node)
        expected +=
            intersect(g.neurons, neuron_set::range(first, net.neuron_count()))
                .size();
    uint64_t moved = 0;
    for (auto& t : differences(x, *next)) {
      RC_ASSERT(t.to == node);
      moved += t.neurons.size();
    }
    RC_ASSERT(moved == expected);
  }));
}

TEST_CASE("a node that is three times slower gets a third of the work") {
  network_description what;
  what.layers = {line(1, "a", layer_kind::dense, 120),
                 line(2, "b", layer_kind::dense, 120),
                 line(3, "c", layer_kind::dense, 0)};
  auto net = must(build_network(what, {120, 0, 120}));
  arrangement x;
  distribution how;
  how.parts = 2;
  how.per_layer = true;
  x.parts = must(distribute(net, how));
  x.graph = make_group_graph(net, x.parts);
  x.where = place(x.graph, 2, 1);
  std::vector<double> busy(x.graph.groups.size());
  for (auto& g : x.graph.groups)
    busy[g.id] = x.where.seats[g.id].node == 1 ? 3.0 : 1.0;
  auto better = rebalance(net, x, busy, 1, 1);
  CHECK(better.gain == doctest::Approx(2.0));
  for (auto& g : better.next.graph.groups)
    if (g.kind == group_kind::neurons)
      CHECK(g.neurons.size()
            == (better.next.where.seats[g.id].node == 1 ? 30 : 90));
  // Nothing to gain from nodes that are equally fast.
  std::ranges::fill(busy, 1.0);
  CHECK(rebalance(net, x, busy, 1, 1).gain == 1);
}
