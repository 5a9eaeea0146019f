#include "nnactor/metadata/table_view.hpp"
#include "nnactor/network/sparse.hpp"

#include <algorithm>

namespace nnactor {

namespace {

using connection = connection_table::connection;

/// The part of an edge that is looked at.
struct ends {
  layer_id from;
  layer_id reader;
  neuron_set producers;
  neuron_set consumers;
  bool outgoing;
};

ends ends_of(const connection& x) {
  return {x.producer_layer, x.consumer_layer, x.producer_neurons,
          x.consumer_neurons, x.outgoing};
}

/// Calls `use(id)` for every neuron of a set until it returns an error.
template <class Use>
caf::error each(const neuron_set& xs, Use use) {
  for (const auto& x : xs.intervals())
    for (auto id = x.begin; id < x.end; ++id)
      if (auto err = use(id))
        return err;
  return {};
}

/// The weights of one consumer after the other.
class consumer_weights {
public:
  consumer_weights(const network& net, layer_id reader, const weight_row& row)
      : of_(net.layers[reader]), row_(row) {
    if (of_.kind == layer_kind::sparse)
      sparse_.emplace(net, reader);
  }

  caf::error look_at(neuron_id consumer) {
    if (!weighs_columns(of_.kind))
      return {};
    auto weights = row_(consumer);
    if (!weights)
      return weights.error();
    if (weights->size() != of_.row_width)
      return fail(ec::invalid_data,
                  "neuron {} has {} weights in the store, {} in the table's "
                  "network: they are of different models",
                  consumer, weights->size(), of_.row_width);
    weights_ = std::move(*weights);
    if (sparse_)
      columns_ = sparse_->of(consumer);
    return {};
  }

  /// Whether the consumer reads a column. Of coordinates, the pairs that are
  /// looked at are connected anyway.
  bool reads(uint64_t column) const {
    return !sparse_ || std::ranges::binary_search(columns_, column);
  }

  /// Nothing where the consumer has no weight of its own for the column.
  std::optional<float> of(uint64_t column) const {
    auto place = column;
    if (sparse_)
      place = static_cast<uint64_t>(std::ranges::lower_bound(columns_, column)
                                    - columns_.begin());
    return place < weights_.size() ? std::optional{weights_[place]}
                                   : std::nullopt;
  }

private:
  const layer& of_;
  const weight_row& row_;
  std::optional<sparse_connections> sparse_;
  std::vector<float> weights_;    ///< Empty where it has none for columns.
  std::vector<uint64_t> columns_; ///< Of a sparse neuron, ascending.
};

/// The producers that a consumer may read.
neuron_set producers_for(const network& net, const ends& of,
                         neuron_id consumer) {
  const auto& from = net.layers[of.from];
  const auto& reader = net.layers[of.reader];
  if (!is_parallel(reader.kind, from.kind))
    return of.producers;
  auto same = from.first + (consumer - reader.first);
  return of.producers.contains(same) ? neuron_set::range(same, same + 1)
                                     : neuron_set{};
}

caf::error visit_pair(const network& net, const ends& of, neuron_id producer,
                      neuron_id consumer, const consumer_weights& weights,
                      const connection_visitor& visit) {
  auto column = column_of(net, of.reader, producer, 0);
  if (!column)
    return {};
  for (uint64_t p = 0; p < net.layers[of.from].positions; ++p) {
    if (!weights.reads(*column + p))
      continue;
    single_connection x{.local = of.outgoing ? producer : consumer,
                        .remote = of.outgoing ? consumer : producer,
                        .position = p,
                        .outgoing = of.outgoing,
                        .weight = weights.of(*column + p)};
    if (auto err = visit(x))
      return err;
  }
  return {};
}

caf::error visit_ends(const network& net, const ends& of, const weight_row& row,
                      const connection_visitor& visit) {
  if (of.producers.empty() || of.consumers.empty())
    return {};
  consumer_weights weights{net, of.reader, row};
  return each(of.consumers, [&](neuron_id consumer) -> caf::error {
    auto producers = producers_for(net, of, consumer);
    if (producers.empty())
      return {};
    if (auto err = weights.look_at(consumer))
      return err;
    return each(producers, [&](neuron_id producer) {
      return visit_pair(net, of, producer, consumer, weights, visit);
    });
  });
}

} // namespace

caf::error visit_edge(const table_file& what, const connection& edge,
                      const weight_row& row, const connection_visitor& visit) {
  return visit_ends(what.net, ends_of(edge), row, visit);
}

caf::error visit_neuron(const table_file& what, neuron_id local,
                        const weight_row& row,
                        const connection_visitor& visit) {
  auto known = false;
  auto only = neuron_set::range(local, local + 1);
  for (const auto& edge : what.connections) {
    auto of = ends_of(edge);
    auto& mine = of.outgoing ? of.producers : of.consumers;
    if (!mine.contains(local))
      continue;
    known = true;
    mine = only;
    if (auto err = visit_ends(what.net, of, row, visit))
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
