#pragma once

#include "nnactor/partition/group_graph.hpp"
#include "nnactor/partition/planner.hpp"

#include <vector>

namespace nnactor {

/// A plan as a partition: a part for every device that gets neurons.
struct planned_split {
  partition parts;
  std::vector<uint64_t> devices; ///< By part, as the plan counts them.
};

/// Cuts the neurons of every layer of a stage by the shares of its devices,
/// each border rounded to the nearest neuron.
/// @param layers What the plan's layers are.
planned_split split_by_plan(const network& net,
                            const std::vector<layer_id>& layers,
                            const network_plan& plan);

} // namespace nnactor
