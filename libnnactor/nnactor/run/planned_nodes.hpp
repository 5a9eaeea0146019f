#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/config/experiment.hpp"
#include "nnactor/partition/planner.hpp"

#include <optional>

namespace nnactor {

/// What nodes have said of themselves, as plans see it: the devices of the
/// first node, then those of the next. Links are taken to be those of one
/// machine within a node and those of a good local network between nodes.
planned_cluster devices_of(const cluster_settings& how,
                           const cluster_view& nodes, precision compute);

/// The plan of a strategy; nothing if none fits, or if the strategy needs
/// caches and there are none.
/// @pre `how` is one of the planned mechanisms
std::optional<network_plan> plan_by(mechanism how, const planned_job& job,
                                    const planned_cluster& on);

} // namespace nnactor
