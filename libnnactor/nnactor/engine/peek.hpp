#pragma once

#include "nnactor/engine/parameters.hpp"

#include <vector>

namespace nnactor {

/// Returns the weights of one neuron of a group in the order of its columns,
/// then its bias if it has one; empty for a neuron of another group.
std::vector<float> weights_into(const network& net, const parameter_set& of,
                                neuron_id neuron);

/// Returns the columns of a layer's concatenated inputs, or of an embedding's
/// table, that the weights of a neuron belong to.
std::vector<uint64_t> columns_into(const network& net, layer_id reader,
                                   neuron_id neuron);

/// Returns the weights by which each neuron of a group, slot by slot,
/// multiplies each value of `source`: [neurons, positions of the source's
/// layer], NaN where there is no connection.
std::vector<float> weights_from(const network& net, const parameter_set& of,
                                neuron_id source);

} // namespace nnactor
