#include "nnactor/engine/footprint.hpp"

#include "nnactor/defaults.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace nnactor {

namespace {

constexpr uint64_t value_bytes = sizeof(float); ///< Of tokens, too.

/// Columns of the inputs that a group gathers.
uint64_t input_columns(const group_graph& graph, const group& what) {
  uint64_t out = 0;
  for (auto id : what.upstream)
    if (graph.groups[id].kind != group_kind::target)
      out += graph.groups[id].width;
  return out;
}

/// Values that a group keeps of one example between forward and accumulate:
/// what came in, gathered if it came from several, y, dz, and z before gelu;
/// see `kept_values`.
uint64_t values_kept(const network& net, const group_graph& graph,
                     const group& what) {
  auto inputs = input_columns(graph, what);
  auto gathered = what.upstream.size() > 1 ? 2 * inputs : inputs;
  if (what.kind == group_kind::loss)
    return gathered + inputs;
  auto keeps_z = net.layers[what.layer].act == activation::gelu;
  return gathered + (keeps_z ? 3 : 2) * what.width;
}

/// Of a value between groups on different nodes.
uint64_t sent_bytes(const train_settings& how) {
  return how.link == precision::bfloat16 ? sizeof(uint16_t) : value_bytes;
}

} // namespace

uint64_t optimizer_bytes(optimizer_kind kind) {
  return (kind == optimizer_kind::sgd ? 1 : 2) * value_bytes;
}

std::vector<node_footprint> footprints(const network& net,
                                       const arrangement& on,
                                       const train_settings& how) {
  std::vector<node_footprint> out(on.where.nodes);
  auto rows = uint64_t{how.batch / how.micro_batches};
  auto in_flight = std::min(how.window, how.micro_batches);
  for (auto& g : on.graph.groups) {
    auto node = on.where.seats[g.id].node;
    if (node == on.where.driver())
      continue;
    auto& at = out[node];
    auto& of = net.layers[g.layer];
    auto parameters = g.neurons.size() * (of.row_width + (of.bias ? 1 : 0));
    ++at.groups;
    at.neurons += g.neurons.size();
    at.parameters += parameters;
    at.weights += parameters * value_bytes;
    // Rounded copies for both directions.
    if (of.kind == layer_kind::dense && how.compute == precision::bfloat16)
      at.weights += 2 * parameters * sizeof(uint16_t);
    if (of.kind == layer_kind::sparse) // Each knows its column.
      at.weights += g.neurons.size() * of.row_width * sizeof(uint32_t);
    at.gradients += parameters * value_bytes;
    at.optimizer += parameters * optimizer_bytes(how.optimizer.kind);
    // A validation micro-batch keeps nothing for a backward pass.
    auto training = in_flight * rows * net.time_steps
                    * values_kept(net, on.graph, g) * value_bytes;
    auto validation = how.window * defaults::validation_rows(net.time_steps)
                      * net.time_steps * (input_columns(on.graph, g) + g.width)
                      * value_bytes;
    at.activations += std::max(training, validation);
  }
  for (auto& link : traffic(on, how)) {
    if (link.from != on.where.driver())
      out[link.from].buffers += defaults::link_window_bytes;
    if (link.to != on.where.driver())
      out[link.to].buffers += defaults::link_window_bytes;
  }
  return out;
}

std::vector<link_traffic> traffic(const arrangement& on,
                                  const train_settings& how) {
  std::map<std::pair<node_index, node_index>, link_traffic> links;
  auto node = [&](group_id id) { return on.where.seats[id].node; };
  auto link = [&](group_id from, node_index to) -> link_traffic& {
    auto& out = links[{node(from), to}];
    out.from = node(from);
    out.to = to;
    return out;
  };
  auto steps = uint64_t{on.graph.time_steps};
  for (auto& g : on.graph.groups) {
    // The loss group sends two doubles for each time step of a micro-batch.
    auto bytes = g.kind == group_kind::loss
                     ? steps * how.micro_batches * 2 * sizeof(double)
                     : steps * how.batch * g.width
                           * (g.kind == group_kind::neurons ? sent_bytes(how)
                                                            : value_bytes);
    std::set<node_index> readers;
    for (auto id : g.downstream)
      if (node(id) != node(g.id))
        readers.insert(node(id));
    for (auto to : readers)
      link(g.id, to).forward += bytes;
    if (g.kind != group_kind::neurons && g.kind != group_kind::loss)
      continue;
    for (size_t i = 0; i < g.upstream.size(); ++i) {
      auto id = g.upstream[i];
      auto& producer = on.graph.groups[id];
      if (producer.kind == group_kind::neurons && node(id) != node(g.id))
        link(g.id, node(id)).backward += (steps - g.upstream_delays[i])
                                         * how.batch * producer.width
                                         * sent_bytes(how);
    }
  }
  std::vector<link_traffic> out;
  for (auto& [pair, x] : links)
    out.push_back(x);
  return out;
}

} // namespace nnactor
