#include "nnactor/run/job_view.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

/// Collects connections, of which only the first few are shown.
class connection_list {
public:
  connection_list(const deployed_network& in, node_index home, size_t most)
      : in_(in), home_(home), most_(most) {
  }

  void add(const group& other, std::optional<neuron_id> neuron,
           uint64_t position, float weight) {
    if (total++ < most_)
      list.push_back({{"neuron", neuron ? nlohmann::json(*neuron)
                                        : nlohmann::json(nullptr)},
                      {"layer", in_.job->net.layers[other.layer].name},
                      {"group", other.id},
                      {"node", node_of(other) + 1},
                      {"remote", node_of(other) != home_},
                      {"position", position},
                      {"weight", weight}});
  }

  uint64_t total = 0;
  nlohmann::json list = nlohmann::json::array();

private:
  node_index node_of(const group& x) const {
    return in_.job->where.seats[x.id].node;
  }

  const deployed_network& in_;
  node_index home_;
  size_t most_;
};

/// Every source of a row of weights, input layer by input layer.
void add_sources(const deployment& job, const group& mine,
                 const std::vector<float>& row, connection_list& out) {
  auto& net = job.net;
  auto& reader = net.layers[mine.layer];
  for (auto id : reader.inputs) {
    auto& from = net.layers[id];
    if (!has_neurons(from.kind)) {
      auto& input = job.graph.groups[group_graph::input_group];
      auto first = column_offset(net, mine.layer, id).value_or(0);
      auto columns = reader.kind == layer_kind::embedding ? reader.row_width
                                                          : from.width;
      for (uint64_t c = 0; c < columns && first + c < row.size(); ++c)
        out.add(input, std::nullopt, c, row[first + c]);
      continue;
    }
    for (auto source = from.first; source < from.first + from.units; ++source)
      for (uint64_t p = 0; p < from.positions; ++p)
        if (auto c = column_of(net, mine.layer, source, p);
            c && *c < row.size())
          out.add(group_of(job.graph, source), source, p, row[*c]);
  }
}

void add_readers(const deployment& job, uint64_t positions,
                 const neuron_weights& weights, connection_list& out) {
  for (auto& [id, values] : weights.readers) {
    auto& reader = job.graph.groups[id];
    for (uint64_t slot = 0; slot < reader.neurons.size(); ++slot)
      for (uint64_t p = 0; p < positions; ++p) {
        auto at = slot * positions + p;
        if (at < values.size() && !std::isnan(values[at]))
          out.add(reader, reader.neurons.id_at(slot), p, values[at]);
      }
  }
}

} // namespace

const group& group_of(const group_graph& graph, neuron_id neuron) {
  return *std::ranges::find_if(graph.groups, [&](const group& g) {
    return g.neurons.contains(neuron);
  });
}

nlohmann::json neuron_view(const deployed_network& in, neuron_id neuron,
                           const neuron_weights& weights, size_t most) {
  auto& job = *in.job;
  auto& mine = group_of(job.graph, neuron);
  auto& of = job.net.layers[mine.layer];
  auto seat = job.where.seats[mine.id];
  connection_list incoming{in, seat.node, most};
  connection_list outgoing{in, seat.node, most};
  auto row = weights.own;
  nlohmann::json bias;
  if (of.bias && !row.empty()) {
    bias = row.back();
    row.pop_back();
  }
  add_sources(job, mine, row, incoming);
  add_readers(job, of.positions, weights, outgoing);
  return {{"command", "neuron"},
          {"neuron", neuron},
          {"layer", of.name},
          {"group", mine.id},
          {"part", mine.part},
          {"node", seat.node + 1},
          {"address", job.servers[seat.node].address},
          {"device", seat.device},
          {"bias", bias},
          {"incoming_total", incoming.total},
          {"incoming", incoming.list},
          {"outgoing_total", outgoing.total},
          {"outgoing", outgoing.list}};
}

} // namespace nnactor
