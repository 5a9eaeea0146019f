#include "nnactor/network/sparse.hpp"

#include "nnactor/neuron/random.hpp"

#include <algorithm>

namespace nnactor {

namespace {

constexpr uint64_t cluster_stream = ~uint64_t{0};

/// Clusters of data columns, which have no neuron id.
constexpr uint64_t data_stream = ~uint64_t{1};

/// A neuron that has read all of its cluster reads others after so many draws
/// a connection.
constexpr uint64_t patience = 32;

uint64_t cluster_of_column(const network& net, layer_id reader,
                           uint64_t column) {
  auto& how = net.layers[reader].sparse;
  auto from = source_of(net, reader, column);
  if (from.neuron)
    return cluster_of(how, *from.neuron);
  return counter_random{how.seed, data_stream}.bits(from.position)
         % how.clusters;
}

} // namespace

uint64_t cluster_of(const sparsity& how, neuron_id neuron) {
  return counter_random{how.seed, cluster_stream}.bits(neuron) % how.clusters;
}

sparse_connections::sparse_connections(const network& net, layer_id id)
    : how_(net.layers[id].sparse), columns_(input_width(net, id)) {
  if (how_.pattern != connection_pattern::clustered)
    return;
  members_.resize(how_.clusters);
  for (uint64_t column = 0; column < columns_; ++column)
    members_[cluster_of_column(net, id, column)].push_back(column);
}

std::vector<uint64_t> sparse_connections::of(neuron_id neuron) const {
  static const std::vector<uint64_t> none;
  const auto& near =
      members_.empty() ? none : members_[cluster_of(how_, neuron)];
  counter_random random{how_.seed, neuron};
  std::vector<uint64_t> out;
  out.reserve(how_.degree);
  for (uint64_t i = 0; out.size() < how_.degree; ++i) {
    auto stays = !near.empty() && i < patience * how_.degree
                 && static_cast<double>(random.uniform(2 * i)) < how_.inside;
    auto bits = random.bits(2 * i + 1);
    auto column = stays ? near[bits % near.size()] : bits % columns_;
    auto at = std::ranges::lower_bound(out, column);
    if (at == out.end() || *at != column)
      out.insert(at, column);
  }
  return out;
}

} // namespace nnactor
