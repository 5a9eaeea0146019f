#include "nnactor/metadata/table_view.hpp"

#include "nnactor/counting.hpp"
#include "nnactor/json_text.hpp"

namespace nnactor {

namespace {

using connection = connection_table::connection;
using json = nlohmann::json;

/// Names an end of an edge that has no neurons.
const char* outer_end(group_id id) {
  if (id == group_graph::input_group)
    return "input";
  return id == group_graph::target_group ? "target" : "loss";
}

std::string layer_name(const network& net, group_id id, const neuron_set& xs) {
  return xs.empty() ? outer_end(id)
                    : net.layers[net.layer_of(xs.id_at(0))].name;
}

std::string end_text(const network& net, group_id id, const neuron_set& xs) {
  auto name = layer_name(net, id, xs);
  return xs.empty() ? name : fmt::format("{}[{}]", name, to_string(xs));
}

std::string edge_text(const network& net, const connection& x) {
  return fmt::format("  {:<8}  {} -> {}  {}\n",
                     x.outgoing ? "outgoing" : "incoming",
                     end_text(net, x.producer, x.producer_neurons),
                     end_text(net, x.consumer, x.consumer_neurons),
                     counted(count_connections(net, x), "connection"));
}

json end_json(const network& net, group_id id, const neuron_set& xs) {
  auto intervals = json::array();
  for (const auto& x : xs.intervals())
    intervals.push_back({x.begin, x.end});
  return {{"group", id},
          {"layer", layer_name(net, id, xs)},
          {"neurons", xs.size()},
          {"intervals", std::move(intervals)}};
}

json edge_json(const network& net, const connection& x) {
  return {{"direction", x.outgoing ? "outgoing" : "incoming"},
          {"producer", end_json(net, x.producer, x.producer_neurons)},
          {"consumer", end_json(net, x.consumer, x.consumer_neurons)},
          {"connections", count_connections(net, x)}};
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
  const auto& from = edge.producer_neurons;
  const auto& to = edge.consumer_neurons;
  if (to.empty() && !from.empty())
    return from.size();
  if (to.empty()) {
    auto label = edge.producer == group_graph::target_group
                 && net.loss().kind == layer_kind::softmax_cross_entropy;
    return label ? 1 : net.loss().width;
  }
  const auto& reader = net.layers[net.layer_of(to.id_at(0))];
  if (reader.kind == layer_kind::embedding)
    return to.size() * reader.row_width;
  if (from.empty())
    return to.size() * net.layers.front().width;
  return to.size() * from.size()
         * net.layers[net.layer_of(from.id_at(0))].positions;
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
