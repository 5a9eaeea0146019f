#include "nnactor/engine/peek.hpp"
#include "nnactor/run/job_view.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

/// Which of a reader's weights for a column is shown: the first one. A head has
/// one for each row of its queries, keys and values.
struct shown_weight {
  std::string parameter;
  uint64_t rows = 1; ///< That a neuron has of it; the first is shown.
};

shown_weight weight_shown_of(const layer& reader) {
  auto rows = reader.parameter_rows();
  auto first = std::ranges::find(rows, true, &layer_parameter::multiplies);
  return first == rows.end() ? shown_weight{}
                             : shown_weight{first->name, first->rows};
}

/// Collects connections, of which only the first few are shown.
class connection_list {
public:
  connection_list(const deployed_network& in, node_index home, size_t most)
      : in_(in), home_(home), most_(most) {
  }

  void add(const group& other, std::optional<neuron_id> neuron,
           uint64_t position, float weight, const shown_weight& of) {
    if (total++ < most_)
      list.push_back({{"neuron", neuron ? nlohmann::json(*neuron)
                                        : nlohmann::json(nullptr)},
                      {"layer", in_.job->net.layers[other.layer].name},
                      {"group", other.id},
                      {"node", in_.job->servers[node_of(other)].number},
                      {"remote", node_of(other) != home_},
                      {"position", position},
                      {"weight", weight},
                      {"parameter", of.parameter},
                      {"rows", of.rows}});
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

/// Every source of a row of weights.
void add_sources(const deployment& job, const group& mine, neuron_id neuron,
                 const std::vector<float>& row, connection_list& out) {
  // A vector is what it gives, not what it reads.
  if (job.net.layers[mine.layer].kind == layer_kind::table)
    return;
  auto columns = columns_into(job.net, mine.layer, neuron);
  auto is_table = job.net.layers[mine.layer].kind == layer_kind::embedding;
  auto shown = weight_shown_of(job.net.layers[mine.layer]);
  for (size_t k = 0; k < std::min(columns.size(), row.size()); ++k) {
    auto from = is_table ? column_source{0, std::nullopt, columns[k]}
                         : source_of(job.net, mine.layer, columns[k]);
    auto& producer = from.neuron ? group_of(job.graph, *from.neuron)
                                 : job.graph.groups[group_graph::input_group];
    out.add(producer, from.neuron, from.position, row[k], shown);
  }
}

/// Whether the last of its parameters is a bias of one value a neuron.
bool ends_in_bias(const layer& of) {
  auto rows = of.parameter_rows();
  return !rows.empty() && rows.back().name == "bias";
}

void add_readers(const deployment& job, uint64_t positions,
                 const neuron_weights& weights, connection_list& out) {
  for (auto& [id, values] : weights.readers) {
    auto& reader = job.graph.groups[id];
    auto shown = weight_shown_of(job.net.layers[reader.layer]);
    for (uint64_t slot = 0; slot < reader.neurons.size(); ++slot)
      for (uint64_t p = 0; p < positions; ++p) {
        auto at = slot * positions + p;
        if (at < values.size() && !std::isnan(values[at]))
          out.add(reader, reader.neurons.id_at(slot), p, values[at], shown);
      }
  }
}

} // namespace

const group& group_of(const group_graph& graph, neuron_id neuron) {
  return *std::ranges::find_if(
      graph.groups, [&](const group& g) { return g.neurons.contains(neuron); });
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
  if (ends_in_bias(of) && !row.empty()) {
    bias = row.back();
    row.pop_back();
  }
  add_sources(job, mine, neuron, row, incoming);
  add_readers(job, of.positions, weights, outgoing);
  return {{"command", "neuron"},
          {"neuron", neuron},
          {"layer", of.name},
          {"group", mine.id},
          {"part", mine.part},
          {"node", job.servers[seat.node].number},
          {"address", job.servers[seat.node].address},
          {"device", seat.device},
          {"bias", bias},
          {"incoming_total", incoming.total},
          {"incoming", incoming.list},
          {"outgoing_total", outgoing.total},
          {"outgoing", outgoing.list}};
}

} // namespace nnactor
