#include "nnactor/metadata/connection_table.hpp"

#include "support/networks.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace nnactor;
using namespace nnactor::test;

namespace {

std::vector<connection_table> tables_of(const network& net,
                                        const group_graph& graph,
                                        const placement& where) {
  std::vector<connection_table> tables;
  for (node_index node = 0; node <= where.nodes; ++node)
    tables.emplace_back(net, graph, where, node);
  return tables;
}

network network_of_any_kind() {
  return *rc::gen::arbitrary<bool>() ? any_network() : any_transformer();
}

/// Draws seats for all groups; input and target stay with the driver.
placement any_placement(const group_graph& graph) {
  placement where;
  where.nodes = *rc::gen::inRange<uint32_t>(1, 5);
  for (const auto& x : graph.groups) {
    auto outside = x.id <= group_graph::target_group;
    where.seats.push_back(
        {outside ? where.driver() : *rc::gen::inRange(0u, where.nodes), 0});
  }
  return where;
}

} // namespace

TEST_CASE("a node knows its own groups and who is at the other ends") {
  auto net = small_regression();
  partition parts{{neuron_set{{{0, 8}, {12, 15}}}, neuron_set::range(8, 12)}};
  // 0 input, 1 target, 2 hidden (node 0), 3 waist (node 1), 4 out (node 0),
  // 5 loss (node 0); the driver is node 2.
  auto graph = make_group_graph(net, parts);
  auto tables = tables_of(net, graph, place(graph, 2, 1));
  const auto& first = tables[0];
  CHECK(first.local_groups() == std::vector<group_id>{2, 4, 5});
  CHECK(first.forward_of(2).groups.empty());
  CHECK(first.forward_of(2).nodes == std::vector<node_index>{1});
  CHECK(first.forward_of(4).groups == std::vector<group_id>{5});
  CHECK(first.forward_of(5).nodes == std::vector<node_index>{2});
  CHECK(first.readers_of(0) == std::vector<group_id>{2});
  CHECK(first.readers_of(3) == std::vector<group_id>{4});
  CHECK(first.readers_of(4) == std::vector<group_id>{5});
  CHECK(first.node_of(3) == std::optional<node_index>{1});
  const auto& second = tables[1];
  CHECK(second.local_groups() == std::vector<group_id>{3});
  REQUIRE(second.connections().size() == 2);
  CHECK(second.connections()[0].producer == 2);
  CHECK_FALSE(second.connections()[0].outgoing);
  CHECK(second.connections()[1].consumer_neurons == neuron_set::range(12, 15));
  CHECK_FALSE(second.node_of(5)); // no edge of this node leads there
  CHECK(second.readers_of(5).empty());
  CHECK(second.forward_of(5).nodes.empty());
}

TEST_CASE("the tables of all nodes together deliver every edge once") {
  CHECK(rc::check("random networks, partitions and placements", [] {
    auto net = network_of_any_kind();
    auto graph = make_group_graph(net, any_partition(net));
    auto where = any_placement(graph);
    auto tables = tables_of(net, graph, where);
    // What each consumer gets, by following routes as gates do.
    std::map<std::pair<group_id, group_id>, int> delivered;
    for (const auto& x : graph.groups) {
      auto home = where.seats[x.id].node;
      const auto& route = tables[home].forward_of(x.id);
      for (auto id : route.groups)
        ++delivered[{x.id, id}];
      std::set<node_index> once(route.nodes.begin(), route.nodes.end());
      RC_ASSERT(once.size() == route.nodes.size());
      RC_ASSERT(!once.contains(home));
      for (auto node : route.nodes) {
        RC_ASSERT(!tables[node].readers_of(x.id).empty());
        for (auto id : tables[node].readers_of(x.id))
          ++delivered[{x.id, id}];
      }
      // What is cut is for one alone.
      for (const auto& to : x.downstream)
        if (to.cut) {
          RC_ASSERT(tables[home].node_of(to.group)
                    == std::optional{where.seats[to.group].node});
          ++delivered[{x.id, to.group}];
        }
    }
    size_t edges = 0;
    for (const auto& x : graph.groups)
      for (auto id : ends_of(x.downstream)) {
        RC_ASSERT((delivered[{x.id, id}]) == 1);
        ++edges;
      }
    RC_ASSERT(delivered.size() == edges);
  }));
}

TEST_CASE("a table holds the connections that cross to its node, no others") {
  CHECK(rc::check("both ends of a crossing edge agree", [] {
    auto net = network_of_any_kind();
    auto graph = make_group_graph(net, any_partition(net));
    auto where = any_placement(graph);
    std::map<std::pair<group_id, group_id>, int> seen;
    for (const auto& table : tables_of(net, graph, where))
      for (const auto& x : table.connections()) {
        auto from = where.seats[x.producer].node;
        auto to = where.seats[x.consumer].node;
        RC_ASSERT(from != to);
        RC_ASSERT((x.outgoing ? from : to) == table.self());
        RC_ASSERT(x.remote == (x.outgoing ? to : from));
        RC_ASSERT(table.node_of(x.producer) == std::optional{from});
        RC_ASSERT(table.node_of(x.consumer) == std::optional{to});
        RC_ASSERT(x.producer_neurons == graph.groups[x.producer].neurons);
        ++seen[{x.producer, x.consumer}];
      }
    for (const auto& x : graph.groups)
      for (auto id : ends_of(x.downstream))
        RC_ASSERT((seen[{x.id, id}])
                  == (where.seats[x.id] == where.seats[id] ? 0 : 2));
  }));
}
