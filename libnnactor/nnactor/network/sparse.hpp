#pragma once

#include "nnactor/network/network.hpp"

#include <vector>

namespace nnactor {

/// The connections of a sparse layer, computed from its sparsity and the ids of
/// neurons alone, so that every machine knows those of its own neurons without
/// anybody's table.
class sparse_connections {
public:
  /// @pre the layer is sparse
  sparse_connections(const network& net, layer_id id);

  /// Returns the columns of the concatenated inputs that a neuron reads: as
  /// many as its degree, ascending. Its k-th weight belongs to the k-th.
  std::vector<uint64_t> of(neuron_id neuron) const;

private:
  sparsity how_;
  uint64_t columns_;
  /// Of each cluster, ascending; empty unless there are clusters.
  std::vector<std::vector<uint64_t>> members_;
};

/// Returns the cluster of a neuron: layers of the same seed share clusters.
uint64_t cluster_of(const sparsity& how, neuron_id neuron);

} // namespace nnactor
