#include "nnactor/metadata/table_view.hpp"

#include "nnactor/counting.hpp"
#include "nnactor/json_text.hpp"
#include "nnactor/partition/connectivity.hpp"

namespace nnactor {

namespace {

using connection = connection_table::connection;
using json = nlohmann::json;

/// One of the two groups of an edge.
struct edge_end {
  group_id id;
  layer_id layer;
  const neuron_set& neurons;
};

edge_end producer_of(const connection& x) {
  return {x.producer, x.producer_layer, x.producer_neurons};
}

edge_end consumer_of(const connection& x) {
  return {x.consumer, x.consumer_layer, x.consumer_neurons};
}

/// Labels come from outside of all layers.
std::string layer_name(const network& net, const edge_end& x) {
  return x.id == group_graph::target_group ? "target"
                                           : net.layers[x.layer].name;
}

std::string end_text(const network& net, const edge_end& x) {
  auto name = layer_name(net, x);
  return x.neurons.empty() ? name
                           : fmt::format("{}[{}]", name, to_string(x.neurons));
}

std::string edge_text(const network& net, const connection& x) {
  return fmt::format(
      "  {:<8}  {} -> {}  {}\n", x.outgoing ? "outgoing" : "incoming",
      end_text(net, producer_of(x)), end_text(net, consumer_of(x)),
      counted(count_connections(net, x), "connection"));
}

json end_json(const network& net, const edge_end& of) {
  auto intervals = json::array();
  for (const auto& x : of.neurons.intervals())
    intervals.push_back({x.begin, x.end});
  return {{"group", of.id},
          {"layer", layer_name(net, of)},
          {"neurons", of.neurons.size()},
          {"intervals", std::move(intervals)}};
}

json edge_json(const network& net, const connection& x) {
  return {{"direction", x.outgoing ? "outgoing" : "incoming"},
          {"producer", end_json(net, producer_of(x))},
          {"consumer", end_json(net, consumer_of(x))},
          {"connections", count_connections(net, x)}};
}

/// Values that the driver sends of the labels of a row.
uint64_t label_values(const network& net) {
  return net.loss().kind == layer_kind::softmax_cross_entropy
             ? 1
             : net.loss().width;
}

/// Returns the edges to one server in the order of the table.
std::vector<const connection*> edges_to(const table_file& what,
                                        node_index remote) {
  std::vector<const connection*> found;
  for (const auto& x : what.connections)
    if (x.remote == remote)
      found.push_back(&x);
  return found;
}

} // namespace

uint64_t count_connections(const network& net, const connection& edge) {
  const auto& from = net.layers[edge.producer_layer];
  const auto& reader = net.layers[edge.consumer_layer];
  auto producers = edge.producer_neurons.size();
  auto consumers = edge.consumer_neurons.size();
  if (edge.producer == group_graph::target_group)
    return label_values(net) * (consumers > 0 ? consumers : 1);
  if (producers > 0 && consumers > 0)
    return connections_between(from, edge.producer_neurons, reader,
                               edge.consumer_neurons);
  if (consumers == 0)
    return producers > 0 ? producers : from.width;
  if (reader.kind == layer_kind::embedding)
    return consumers * reader.row_width;
  // A coordinate gets one value of a tied table, whichever token it is.
  return consumers * (from.tied ? 1 : from.width);
}

std::string to_text(const table_file& what) {
  auto text =
      fmt::format("{} of model {} in {}\n", name_of(what.servers[what.self]),
                  what.model, what.store);
  for (node_index node = 0; node < what.servers.size(); ++node) {
    auto edges = edges_to(what, node);
    if (edges.empty())
      continue;
    const auto& remote = what.servers[node];
    text += fmt::format("\n{}, {}\n", name_of(remote),
                        remote.credential.empty()
                            ? "no credential"
                            : "credential " + remote.credential);
    for (const auto* x : edges)
      text += edge_text(what.net, *x);
  }
  if (what.connections.empty())
    text += "\nno connections to other nodes\n";
  return text;
}

std::string to_json(const table_file& what) {
  auto servers = json::array();
  for (node_index node = 0; node < what.servers.size(); ++node) {
    auto edges = json::array();
    for (const auto* x : edges_to(what, node))
      edges.push_back(edge_json(what.net, *x));
    if (edges.empty())
      continue;
    servers.push_back({{"node", what.servers[node].number},
                       {"address", what.servers[node].address},
                       {"credential", what.servers[node].credential},
                       {"edges", std::move(edges)}});
  }
  json all = {{"node", what.servers[what.self].number},
              {"address", what.servers[what.self].address},
              {"model", what.model},
              {"store", what.store},
              {"servers", std::move(servers)}};
  return json_text(all);
}

} // namespace nnactor
