#include "nnactor/partition/group_graph.hpp"

#include "support/networks.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

using group_ids = std::vector<group_id>;

} // namespace

TEST_CASE("a part becomes one group a layer, wired in column order") {
  auto net = small_language_model(); // embed 0-2, first 3-9, second 10-13, out
  partition parts{
      {neuron_set{{{0, 2}, {3, 5}, {14, 19}}}, neuron_set{{{2, 3}, {5, 14}}}}};
  auto graph = make_group_graph(net, parts);
  // 0 input, 1 target, 2+3 embed, 4+5 first, 6 second (part 1), 7 out (part 0)
  REQUIRE(graph.groups.size() == 9);
  CHECK(graph.loss_group() == 8);
  CHECK(graph.groups[2].width == 8);
  CHECK(graph.groups[6].part == 1);
  CHECK(ends_of(graph.groups[4].upstream) == group_ids{2, 3});
  CHECK(ends_of(graph.groups[7].upstream) == group_ids{4, 5, 6});
  CHECK(ends_of(graph.groups[5].downstream) == group_ids{6, 7});
  CHECK(ends_of(graph.groups[0].downstream) == group_ids{2, 3});
  CHECK(graph.groups[0].upstream.empty());
  CHECK(ends_of(graph.groups[1].downstream) == group_ids{8});
  CHECK(graph.groups[1].width == 1);
  CHECK(ends_of(graph.groups[8].upstream) == group_ids{7, 1});
  CHECK(ends_of(graph.groups[8].downstream) == group_ids{0});
  CHECK(graph.groups[8].width == 5);
}

TEST_CASE("the loss joins the part that holds most of the output") {
  auto net = small_regression(); // out is 12-14
  partition parts{{neuron_set{{{0, 12}, {14, 15}}}, neuron_set::range(12, 14)}};
  auto graph = make_group_graph(net, parts);
  CHECK(graph.groups[graph.loss_group()].part == 1);
  CHECK(graph.groups[group_graph::target_group].width == 3);
}

TEST_CASE("parts go round the nodes, groups round the devices") {
  auto net = small_regression();
  auto parts = must(distribute(
      net, {.per_layer = true, .parts = 3, .shares = {}, .where = {}}));
  auto graph = make_group_graph(net, parts);
  auto where = place(graph, 2, 2);
  CHECK(where.driver() == 2);
  CHECK(where.seats[0] == placement::seat{2, 0});
  CHECK(where.seats[1] == placement::seat{2, 0});
  // hidden: groups 2, 3, 4 of parts 0, 1, 2
  CHECK(where.seats[2] == placement::seat{0, 0});
  CHECK(where.seats[3] == placement::seat{1, 0});
  CHECK(where.seats[4] == placement::seat{0, 1});
}

TEST_CASE("every neuron is in exactly one group, every edge known at both "
          "ends") {
  CHECK(rc::check("groups of random networks and partitions", [] {
    auto net = any_network();
    auto graph = make_group_graph(net, any_partition(net));
    neuron_set all;
    uint64_t sum = 0;
    for (const auto& x : graph.groups) {
      all = unite(all, x.neurons);
      sum += x.neurons.size();
      RC_ASSERT(std::ranges::is_sorted(x.downstream, {}, &edge::group));
      RC_ASSERT(x.kind == group_kind::neurons || x.neurons.empty());
      uint64_t columns = 0;
      for (const auto& to : x.upstream) {
        const auto& from = graph.groups[to.group];
        RC_ASSERT(std::ranges::count(from.downstream,
                                     edge{x.id, to.delay, from.width})
                  == 1);
        RC_ASSERT(to.columns == from.width);
        columns += from.kind == group_kind::target ? 0 : to.columns;
      }
      if (net.layers[x.layer].kind == layer_kind::dense)
        RC_ASSERT(columns == net.layers[x.layer].row_width);
      for (auto id : ends_of(x.downstream))
        RC_ASSERT(
            id == group_graph::input_group
            || std::ranges::count(ends_of(graph.groups[id].upstream), x.id)
                   == 1);
    }
    RC_ASSERT(all == neuron_set::range(0, net.neuron_count()));
    RC_ASSERT(sum == net.neuron_count());
  }));
}
