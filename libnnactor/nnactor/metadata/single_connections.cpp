#include "nnactor/metadata/table_view.hpp"
#include "nnactor/network/sparse.hpp"

#include <algorithm>

namespace nnactor {

namespace {

using connection = connection_table::connection;

/// The neurons of an edge that are looked at.
struct ends {
  neuron_set producers;
  neuron_set consumers;
};

/// Calls `use(id)` for every neuron of a set until it returns an error.
template <class Use>
caf::error each(const neuron_set& xs, Use use) {
  for (const auto& x : xs.intervals())
    for (auto id = x.begin; id < x.end; ++id)
      if (auto err = use(id))
        return err;
  return {};
}

/// Finds the weight of a column among those that a neuron has.
class weight_places {
public:
  weight_places(const network& net, layer_id reader) {
    if (net.layers[reader].kind == layer_kind::sparse)
      sparse_.emplace(net, reader);
  }

  void look_at(neuron_id consumer) {
    if (sparse_)
      columns_ = sparse_->of(consumer);
  }

  /// Nothing where the neuron does not read the column.
  std::optional<uint64_t> of(uint64_t column) const {
    if (!sparse_)
      return column;
    auto at = std::ranges::lower_bound(columns_, column);
    if (at == columns_.end() || *at != column)
      return std::nullopt;
    return static_cast<uint64_t>(at - columns_.begin());
  }

private:
  std::optional<sparse_connections> sparse_;
  std::vector<uint64_t> columns_; ///< Of a sparse neuron, ascending.
};

caf::error visit_ends(const table_file& what, const ends& of, bool outgoing,
                      const weight_row& row, const connection_visitor& visit) {
  if (of.producers.empty() || of.consumers.empty())
    return {};
  const auto& net = what.net;
  auto consumer_layer = net.layer_of(of.consumers.id_at(0));
  const auto& from = net.layers[net.layer_of(of.producers.id_at(0))];
  weight_places places{net, consumer_layer};
  return each(of.consumers, [&](neuron_id consumer) -> caf::error {
    auto weights = row(consumer);
    places.look_at(consumer);
    if (!weights)
      return weights.error();
    auto width = net.layers[consumer_layer].row_width;
    if (weights->size() != width)
      return fail(ec::invalid_data,
                  "neuron {} has {} weights in the store, {} in the table's "
                  "network: they are of different models",
                  consumer, weights->size(), width);
    return each(of.producers, [&](neuron_id producer) -> caf::error {
      auto column = *column_of(net, consumer_layer, producer, 0);
      for (uint64_t p = 0; p < from.positions; ++p) {
        auto place = places.of(column + p);
        if (!place)
          continue;
        single_connection x{.local = outgoing ? producer : consumer,
                            .remote = outgoing ? consumer : producer,
                            .position = p,
                            .outgoing = outgoing,
                            .weight = (*weights)[*place]};
        if (auto err = visit(x))
          return err;
      }
      return {};
    });
  });
}

} // namespace

caf::error visit_edge(const table_file& what, const connection& edge,
                      const weight_row& row, const connection_visitor& visit) {
  return visit_ends(what, {edge.producer_neurons, edge.consumer_neurons},
                    edge.outgoing, row, visit);
}

caf::error visit_neuron(const table_file& what, neuron_id local,
                        const weight_row& row,
                        const connection_visitor& visit) {
  auto known = false;
  auto only = neuron_set::range(local, local + 1);
  for (const auto& edge : what.connections) {
    ends of{edge.producer_neurons, edge.consumer_neurons};
    auto& mine = edge.outgoing ? of.producers : of.consumers;
    if (!mine.contains(local))
      continue;
    known = true;
    mine = only;
    if (auto err = visit_ends(what, of, edge.outgoing, row, visit))
      return err;
  }
  if (!known)
    return fail(ec::invalid_argument,
                "neuron {} is not a neuron of node {} that is connected to "
                "another node",
                local, what.self);
  return {};
}

} // namespace nnactor
