#pragma once

#include "nnactor/network/network.hpp"
#include "nnactor/neuron/neuron_set.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <string>
#include <vector>

namespace nnactor {

/// One named matrix of a group at rest: row `slot` belongs to the group's
/// neuron of that slot, columns are in the order of the layer's inputs and
/// neurons, whatever the partition.
struct parameter {
  std::string name; ///< "weight", "bias", or optimizer state such as
                    ///< "adam.m.weight".
  tensor values;    ///< f32, [units of the group, columns].
};

/// Everything that a group must keep to go on: parameters, optimizer state.
struct parameter_set {
  layer_id layer = 0;
  neuron_set neurons;
  std::vector<parameter> parameters;
};

} // namespace nnactor
