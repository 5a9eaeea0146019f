#include "nnactor/metadata/table_file.hpp"

#include "nnactor/codec/framed.hpp"
#include "nnactor/metadata/table_view.hpp"
#include "nnactor/network/sparse.hpp"
#include "support/mutate.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <tuple>

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// A small language model of which node 0 has most of embed and all of out,
/// node 1 most of first and all of second.
struct two_nodes {
  network net; // embed 0-2, first 3-9, second 10-13, out 14-18
  group_graph graph;

  two_nodes() : net(small_language_model()) {
    partition parts{{neuron_set{{{0, 2}, {3, 5}, {14, 19}}},
                     neuron_set{{{2, 3}, {5, 14}}}}};
    graph = make_group_graph(net, parts);
  }

  table_file table(node_index self) const {
    std::vector<server> servers = {{"10.0.0.1:4000", "certs/one.pem", 1},
                                   {"10.0.0.2:4000", "certs/two.pem", 4},
                                   {"driver", "", 0}};
    connection_table all{net, graph, place(graph, 2, 1), self};
    return make_table_file(all, net, servers, "toy", "models/toy");
  }
};

/// A row whose every weight tells neuron and column.
result<std::vector<float>> telling_row(const network& net, neuron_id id) {
  std::vector<float> row(net.layers[net.layer_of(id)].row_width);
  for (size_t i = 0; i < row.size(); ++i)
    row[i] = static_cast<float>(id * 100 + i);
  return row;
}

/// As a store has it: fails where a neuron has no weights of one a column.
result<std::vector<float>> weighing_row(const network& net, neuron_id id) {
  const auto& of = net.layers[net.layer_of(id)];
  for (const auto& x : of.parameter_rows())
    if (x.name == "weight")
      return telling_row(net, id);
  return fail(ec::store_corrupt, "holds no weights of neuron {}", id);
}

table_file file_of(const network& net, const group_graph& graph, uint32_t nodes,
                   node_index self) {
  std::vector<server> servers;
  for (uint32_t i = 1; i <= nodes; ++i)
    servers.push_back({fmt::format("10.0.0.{}:4000", i), "", i});
  servers.push_back({"driver", "", 0});
  return make_table_file(
      connection_table{net, graph, place(graph, nodes, 1), self}, net, servers,
      "toy", "models/toy");
}

/// Every layer is split evenly, a part for each node.
table_file transformer_table(const network& net, uint32_t nodes,
                             node_index self) {
  auto parts = must(distribute(
      net, {.per_layer = true, .parts = nodes, .shares = {}, .where = {}}));
  return file_of(net, make_group_graph(net, parts), nodes, self);
}

/// Whether ends are called by their layers, labels by their target.
void check_ends(const table_file& table) {
  auto all = nlohmann::json::parse(to_json(table));
  std::map<std::pair<group_id, group_id>, nlohmann::json> edges;
  for (const auto& server : all["servers"])
    for (const auto& x : server["edges"])
      edges[{x["producer"]["group"], x["consumer"]["group"]}] = x;
  CHECK(edges.size() == table.connections.size());
  for (const auto& x : table.connections) {
    const auto& edge = edges.at({x.producer, x.consumer});
    auto labels = x.producer == group_graph::target_group;
    CHECK(edge["producer"]["layer"]
          == (labels ? "target" : table.net.layers[x.producer_layer].name));
    CHECK(edge["consumer"]["layer"] == table.net.layers[x.consumer_layer].name);
    CHECK(edge["connections"] > 0);
  }
}

/// Whether edges between neurons enumerate what they count.
void check_visits(const table_file& table) {
  for (const auto& edge : table.connections) {
    uint64_t visited = 0;
    auto err = visit_edge(
        table, edge, [&](neuron_id id) { return weighing_row(table.net, id); },
        [&](const auto&) {
          ++visited;
          return caf::error{};
        });
    CHECK_MESSAGE(!err, explain(err));
    if (!edge.producer_neurons.empty() && !edge.consumer_neurons.empty()
        && !is_loss(table.net.layers[edge.consumer_layer].kind))
      CHECK(visited == count_connections(table.net, edge));
    else
      CHECK(visited == 0);
  }
}

std::vector<single_connection>
visited_between(const table_file& table, layer_id producer, layer_id consumer) {
  std::vector<single_connection> out;
  for (const auto& edge : table.connections)
    if (edge.producer_layer == producer && edge.consumer_layer == consumer) {
      auto err = visit_edge(
          table, edge,
          [&](neuron_id id) { return weighing_row(table.net, id); },
          [&](const auto& x) {
            out.push_back(x);
            return caf::error{};
          });
      CHECK_MESSAGE(!err, explain(err));
    }
  return out;
}

template <class Change>
std::string complaint(Change change) {
  auto table = two_nodes{}.table(1);
  change(table);
  auto copy = decode_table_file(encode(table));
  if (!copy)
    CHECK(code_of(copy.error()) == ec::invalid_data);
  return sentence(copy);
}

} // namespace

TEST_CASE("a table file gives back what was written") {
  auto table = two_nodes{}.table(1);
  auto bytes = encode(table);
  auto copy = must(decode_table_file(bytes));
  CHECK(copy.self == 1);
  CHECK(copy.servers[0].credential == "certs/one.pem");
  CHECK(copy.store == "models/toy");
  CHECK(copy.net.neuron_count() == 19);
  REQUIRE(copy.connections.size() == table.connections.size());
  CHECK(copy.connections[0].consumer_neurons
        == table.connections[0].consumer_neurons);
  CHECK(encode(copy) == bytes);
}

TEST_CASE("a person reads servers, neurons and numbers of connections") {
  CHECK(to_text(two_nodes{}.table(1))
        == "node 4 (10.0.0.2:4000) of model toy in models/toy\n"
           "\n"
           "node 1 (10.0.0.1:4000), credential certs/one.pem\n"
           "  incoming  embed[0-1] -> first[5-9]  40 connections\n"
           "  outgoing  embed[2] -> first[3-4]  8 connections\n"
           "  incoming  first[3-4] -> second[10-13]  8 connections\n"
           "  outgoing  first[5-9] -> out[14-18]  25 connections\n"
           "  outgoing  second[10-13] -> out[14-18]  20 connections\n"
           "\n"
           "the driver, no credential\n"
           "  incoming  input -> embed[2]  5 connections\n");
}

TEST_CASE("ends without neurons are named too") {
  auto text = to_text(two_nodes{}.table(0));
  CHECK(text.find("target -> loss  1 connection\n") != std::string::npos);
  CHECK(text.find("loss -> input  5 connections") != std::string::npos);
}

TEST_CASE("a program reads the same as JSON") {
  auto all = nlohmann::json::parse(to_json(two_nodes{}.table(1)));
  CHECK(all["node"] == 4);
  CHECK(all["servers"].size() == 2);
  CHECK(all["servers"][0]["node"] == 1);
  CHECK(all["servers"][1]["node"] == 0);
  const auto& edge = all["servers"][0]["edges"][0];
  CHECK(edge["direction"] == "incoming");
  CHECK(edge["producer"]["layer"] == "embed");
  CHECK(edge["producer"]["neurons"] == 2);
  CHECK(edge["consumer"]["intervals"][0][1] == 10);
  CHECK(edge["connections"] == 40);
}

TEST_CASE("one neuron's connections come with their weights") {
  auto table = two_nodes{}.table(1);
  auto row = [&](neuron_id id) { return telling_row(table.net, id); };
  // Neuron 2 of embed is read by 3 and 4 of `first` on node 0, at columns
  // 8 to 11, one for each of its four positions.
  std::vector<single_connection> found;
  auto err = visit_neuron(table, 2, row, [&](const auto& x) {
    found.push_back(x);
    return caf::error{};
  });
  CHECK_FALSE(err);
  REQUIRE(found.size() == 8);
  CHECK(found[0].local == 2);
  CHECK(found[0].remote == 3);
  CHECK(found[0].outgoing);
  CHECK(found[0].weight == 308);
  CHECK(found[7].remote == 4);
  CHECK(found[7].position == 3);
  CHECK(found[7].weight == 411);
  // Neuron 10 of `second` reads 3 and 4 and is read by 14 to 18, there after
  // the seven columns of `first`.
  found.clear();
  err = visit_neuron(table, 10, row, [&](const auto& x) {
    found.push_back(x);
    return caf::error{};
  });
  REQUIRE(found.size() == 2 + 5);
  CHECK(found[1].remote == 4);
  CHECK(found[1].weight == 1001);
  CHECK_FALSE(found[1].outgoing);
  CHECK(found[2].remote == 14);
  CHECK(found[2].weight == 1407);
}

TEST_CASE("an edge enumerates as many connections as it counts") {
  for (auto self : {0u, 1u}) {
    auto table = two_nodes{}.table(self);
    auto row = [&](neuron_id id) { return telling_row(table.net, id); };
    for (const auto& edge : table.connections) {
      if (edge.producer_neurons.empty() || edge.consumer_neurons.empty())
        continue;
      uint64_t visited = 0;
      auto err = visit_edge(table, edge, row, [&](const auto&) {
        ++visited;
        return caf::error{};
      });
      CHECK_FALSE(err);
      CHECK(visited == count_connections(table.net, edge));
    }
  }
}

TEST_CASE("weights that cannot be read and foreign neurons are errors") {
  auto table = two_nodes{}.table(1);
  auto ignore = [](const single_connection&) { return caf::error{}; };
  auto nothing = [](neuron_id) -> result<std::vector<float>> {
    return fail(ec::store_missing, "no such model");
  };
  auto narrow = [](neuron_id) -> result<std::vector<float>> {
    return std::vector<float>(2);
  };
  CHECK(explain(visit_neuron(table, 2, nothing, ignore)) == "no such model");
  CHECK(explain(visit_neuron(table, 2, narrow, ignore))
        == "neuron 3 has 2 weights in the store, 12 in the table's network: "
           "they are of different models");
  CHECK(explain(visit_neuron(table, 0, narrow, ignore))
        == "neuron 0 is not a neuron of node 1 that is connected to another "
           "node");
}

TEST_CASE("a table that does not hold together is refused") {
  CHECK(complaint([](auto&) {}).empty());
  CHECK(complaint([](auto& x) { x.self = 3; })
        == "node 3 is not among the 3 servers");
  CHECK(complaint([](auto& x) {
          x.connections[0].remote = 1;
        }).ends_with("node 1 is not another server"));
  CHECK(complaint([](auto& x) {
          std::swap(x.connections[0], x.connections[1]);
        }).ends_with("out of order"));
  const auto* elsewhere = "the neurons of one end are not of its layer";
  CHECK(complaint([](auto& x) {
          x.connections[2].producer_neurons = neuron_set::range(2, 5);
        }).ends_with(elsewhere));
  CHECK(complaint([](auto& x) {
          x.connections[2].producer_neurons = neuron_set::range(20, 25);
        }).ends_with(elsewhere));
  CHECK(complaint([](auto& x) {
          x.connections[2].producer_neurons = {};
        }).ends_with(elsewhere));
  CHECK(complaint([](auto& x) {
          x.connections[2].producer_layer = 6;
        }).ends_with(elsewhere));
  CHECK(complaint([](auto& x) {
          x.connections[0].producer_neurons = neuron_set::range(0, 2);
        }).ends_with(elsewhere));
  const auto* apart = "the network does not connect these layers";
  CHECK(complaint([](auto& x) {
          x.connections.back().producer_layer = 1;
          x.connections.back().producer_neurons = neuron_set::range(0, 2);
        }).ends_with(apart));
  // What is not the input's group is not its layer.
  CHECK(complaint([](auto& x) {
          x.connections[1].producer_layer = 0;
          x.connections[1].producer_neurons = {};
        }).ends_with(apart));
}

TEST_CASE("labels and answers go where they belong, in a table that is read") {
  auto net = small_gpt({.tied = true});
  auto loss = static_cast<layer_id>(net.layers.size() - 1);
  auto vocabulary = net.loss().inputs.front();
  auto stream = net.layers[vocabulary].inputs.front();
  auto error_of = [&](group_id producer, layer_id from, group_id consumer,
                      layer_id to) {
    table_file table{1, {{"a:1", "", 1}, {"driver", "", 0}}, "toy", "x", net,
                     {}};
    table.connections.push_back({producer, consumer, from, to,
                                 net.layers[from].neurons(),
                                 net.layers[to].neurons(), 0, true});
    return sentence(decode_table_file(encode(table)));
  };
  const auto target = group_graph::target_group;
  for (auto [producer, from, consumer, to] :
       {std::tuple{target, loss, 7u, loss},
        std::tuple{target, loss, 6u, vocabulary}, std::tuple{7u, loss, 0u, 0u},
        std::tuple{0u, 0u, 2u, 1u}, std::tuple{6u, vocabulary, 7u, loss}})
    CHECK(error_of(producer, from, consumer, to) == "");
  for (auto [producer, from, consumer, to] :
       {std::tuple{target, loss, 5u, stream},
        std::tuple{target, vocabulary, 7u, loss},
        std::tuple{target, loss, 0u, 0u}, std::tuple{7u, loss, target, loss},
        std::tuple{7u, loss, 6u, vocabulary}, std::tuple{7u, loss, 8u, loss},
        std::tuple{6u, vocabulary, 0u, 0u}, std::tuple{0u, 0u, 7u, loss},
        std::tuple{0u, loss, 7u, loss}, std::tuple{5u, stream, 7u, loss},
        std::tuple{3u, 1u, 6u, vocabulary}})
    CHECK(error_of(producer, from, consumer, to)
              .ends_with("the network does not connect these layers"));
}

TEST_CASE("tables of transformers can be read again") {
  for (const auto& net :
       {small_gpt({.tied = true}), small_gpt({.post_norm = true, .tied = true}),
        small_llama({.post_norm = true, .tied = true}), small_llama()})
    for (uint32_t nodes : {2, 3})
      for (node_index self = 0; self <= nodes; ++self) {
        CAPTURE(nodes);
        CAPTURE(self);
        auto table = transformer_table(net, nodes, self);
        auto bytes = encode(table);
        auto copy = must(decode_table_file(bytes));
        CHECK(encode(copy) == bytes);
        check_ends(copy);
        check_visits(copy);
      }
}

TEST_CASE("tables of any transformer can be read again") {
  CHECK(rc::check("whatever its layers and parts are", [] {
    auto net = any_transformer();
    auto graph = make_group_graph(net, any_partition(net));
    auto nodes = *rc::gen::inRange<uint32_t>(1, 4);
    auto self = *rc::gen::inRange<node_index>(0, nodes + 1);
    auto bytes = encode(file_of(net, graph, nodes, self));
    auto copy = must(decode_table_file(bytes));
    RC_ASSERT(encode(copy) == bytes);
    RC_ASSERT(!to_text(copy).empty());
    RC_ASSERT(nlohmann::json::accept(to_json(copy)));
  }));
}

TEST_CASE("a person reads what is tied, normalised and told the labels") {
  auto net = small_gpt(1, 4, 2, 4, 6, {.post_norm = true, .tied = true});
  auto text = to_text(transformer_table(net, 2, 0));
  INFO(text);
  auto shows = [&](const char* line) {
    return text.find(line) != std::string::npos;
  };
  auto name = [&](const char* layer, uint64_t begin, uint64_t end) {
    auto first = net.layers[must(net.find(layer))].first;
    return fmt::format("{}[{}-{}]", layer, first + begin, first + end - 1);
  };
  // Of four coordinates and six tokens, either node has half.
  CHECK(shows("incoming  input -> tokens  1 connection\n"));
  CHECK(shows(fmt::format("outgoing  tokens -> {}  2 connections\n",
                          name("stream0", 2, 4))
                  .c_str()));
  CHECK(shows(fmt::format("incoming  target -> {}  3 connections\n",
                          name("vocabulary", 0, 3))
                  .c_str()));
  // A norm looks at all of its stream, which reads the same of it alone.
  CHECK(shows(fmt::format("outgoing  {} -> {}  4 connections\n",
                          name("stream0", 0, 2), name("carry1", 2, 4))
                  .c_str()));
  CHECK_FALSE(
      shows(fmt::format("{} -> {}", name("carry1", 0, 2), name("stream1", 2, 4))
                .c_str()));
}

TEST_CASE("coordinates, heads and hidden units are visited without a weight") {
  auto net = small_gpt(1, 4, 2, 4, 6, {.post_norm = true});
  auto of = [&](const char* name) { return must(net.find(name)); };
  // Node 0 has coordinates 0 and 1 of all streams but of the one after
  // attention, of which it has the others.
  neuron_set mine;
  for (const auto& x : net.layers) {
    auto swapped = x.name == "stream1";
    auto begin = x.first + (swapped ? x.units / 2 : 0);
    mine = unite(mine, neuron_set::range(begin, begin + x.units / 2));
  }
  auto all = neuron_set::range(0, net.neuron_count());
  auto graph = make_group_graph(net, {{mine, subtract(all, mine)}});
  auto table = file_of(net, graph, 2, 0);
  auto visited = [&](const char* producer, const char* consumer) {
    return visited_between(table, of(producer), of(consumer));
  };
  auto first = [&](const char* name) { return net.layers[of(name)].first; };
  auto parallel = visited("carry1", "stream1");
  REQUIRE(parallel.size() == 4); // in and out, two coordinates each
  for (const auto& x : parallel) {
    auto from = x.outgoing ? x.local : x.remote;
    auto to = x.outgoing ? x.remote : x.local;
    CHECK(from - first("carry1") == to - first("stream1"));
    CHECK_FALSE(x.weight);
  }
  for (auto [producer, consumer] :
       {std::pair{"stream0", "carry1"}, std::pair{"stream0", "attention0"},
        std::pair{"stream1", "mlp1"}, std::pair{"attention0", "stream1"}}) {
    const auto* name = producer; // What is captured is no binding.
    CAPTURE(name);
    auto found = visited(producer, consumer);
    CHECK_FALSE(found.empty());
    for (const auto& x : found)
      CHECK_FALSE(x.weight);
  }
  auto told = visited("stream2", "vocabulary");
  CHECK_FALSE(told.empty());
  for (const auto& x : told) {
    auto from = x.outgoing ? x.local : x.remote;
    auto to = x.outgoing ? x.remote : x.local;
    REQUIRE(x.weight);
    CHECK(*x.weight == to * 100 + (from - first("stream2")));
  }
  // A neuron by itself has the same ones.
  auto neuron = first("stream1") + 2;
  uint64_t seen = 0;
  auto err = visit_neuron(
      table, neuron, [&](neuron_id id) { return weighing_row(net, id); },
      [&](const auto& x) {
        CHECK(x.local == neuron);
        ++seen;
        return caf::error{};
      });
  CHECK_FALSE(err);
  CHECK(seen > 0);
}

TEST_CASE("damaged table files never crash") {
  CHECK(rc::check("framed and bare", [] {
    auto table = two_nodes{}.table(*rc::gen::inRange(0u, 3u));
    auto file = encode(table);
    auto other = damaged(file);
    RC_ASSERT(static_cast<bool>(decode_table_file(other)) == (other == file));
    // A hostile writer gets the digest right.
    auto payload = must(unframe("NNACTORT", 3, file, ec::invalid_data));
    auto forged = decode_table_file(frame("NNACTORT", 3, damaged(payload)));
    if (forged) {
      auto row = [&](neuron_id id) { return telling_row(forged->net, id); };
      for (const auto& edge : forged->connections)
        RC_ASSERT(!visit_edge(*forged, edge, row,
                              [](const auto&) { return caf::error{}; }));
      RC_ASSERT(!to_text(*forged).empty());
      RC_ASSERT(nlohmann::json::accept(to_json(*forged)));
    }
  }));
}

TEST_CASE("a sparse neuron has weights for the columns that it reads") {
  network_description what;
  what.layers = {line(1, "dense", layer_kind::dense, 6),
                 line(2, "few", layer_kind::sparse, 0)};
  what.layers[1].sparse = {.degree = 2};
  auto net = must(build_network(what, {3, 0, 8}));
  partition parts{
      {neuron_set{{{0, 3}, {6, 10}}}, neuron_set{{{3, 6}, {10, 14}}}}};
  auto graph = make_group_graph(net, parts);
  std::vector<server> servers = {
      {"10.0.0.1:4000", "", 1}, {"10.0.0.2:4000", "", 2}, {"driver", "", 0}};
  auto table =
      make_table_file(connection_table{net, graph, place(graph, 2, 1), 1}, net,
                      servers, "toy", "models/toy");
  sparse_connections connections{net, 2};
  auto row = [&](neuron_id id) { return telling_row(net, id); };
  uint64_t visited = 0;
  for (const auto& edge : table.connections) {
    if (edge.producer_neurons.empty() || edge.consumer_neurons.empty())
      continue;
    auto err = visit_edge(table, edge, row, [&](const single_connection& x) {
      ++visited;
      auto producer = x.outgoing ? x.local : x.remote;
      auto consumer = x.outgoing ? x.remote : x.local;
      auto columns = connections.of(consumer);
      auto place = static_cast<uint64_t>(*x.weight) - consumer * 100;
      REQUIRE(place < columns.size());
      CHECK(columns[place] == producer);
      return caf::error{};
    });
    CHECK_FALSE(err);
  }
  CHECK(visited > 0);
  CHECK(visited < 8 * 2);
}
