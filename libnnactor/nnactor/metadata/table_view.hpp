#pragma once

#include "nnactor/metadata/table_file.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nnactor {

/// Renders a table for people: a block a remote server with its address and
/// credential, a line an edge: producers, consumers, connections, direction.
std::string to_text(const table_file& what);

/// Renders the same as one JSON object.
std::string to_json(const table_file& what);

/// Returns the number of single connections of an edge: one for each value that
/// a neuron reads of another, or one a value where an end has no neurons of its
/// own.
uint64_t count_connections(const network& net,
                           const connection_table::connection& edge);

/// One connection between two neurons of different nodes.
struct single_connection {
  neuron_id local = 0;
  neuron_id remote = 0;
  uint64_t position = 0; ///< Which value of the producer, see `layer`.
  bool outgoing = false; ///< The local neuron produces.
  /// Nothing where the consumer has none or several, see `weighs_columns`.
  std::optional<float> weight = {};
};

/// Returns the weight row of a neuron; the caller reads it from the store. It
/// is asked of neurons that weigh columns only.
using weight_row =
    std::function<result<std::vector<float>>(neuron_id consumer)>;

/// Receives connections one by one; returning an error ends the enumeration.
using connection_visitor = std::function<caf::error(const single_connection&)>;

/// Visits the single connections of an edge between neurons by (consumer,
/// producer, position); edges of input, target, loss and tied tables have none.
/// Fails if a row cannot be read or has another width than the consumer's
/// layer.
/// @pre `edge` is one of `what.connections`
caf::error visit_edge(const table_file& what,
                      const connection_table::connection& edge,
                      const weight_row& row, const connection_visitor& visit);

/// Visits all single connections between a neuron of this node and remote
/// ones, edge by edge. Fails with `ec::invalid_argument` if the table knows no
/// such local neuron.
caf::error visit_neuron(const table_file& what, neuron_id local,
                        const weight_row& row, const connection_visitor& visit);

} // namespace nnactor
