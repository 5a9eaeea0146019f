#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/config/experiment.hpp"
#include "nnactor/engine/layer_work.hpp"
#include "nnactor/partition/planner.hpp"

#include <optional>

namespace nnactor {

class device;
struct placement;
struct prepared_job;

/// What nodes have said of themselves, as plans see it: the devices of the
/// first node, then those of the next. Links are taken to be those of one
/// machine within a node and those of a good local network between nodes.
planned_cluster devices_of(const cluster_settings& how,
                           const cluster_view& nodes, precision compute);

/// Operations a second that all devices of the nodes have said they reach in
/// products of matrices; 0 where one has not.
double peak_flops(const cluster_view& nodes, precision compute);

/// Measures what layers take of a device with a batch of the job's data, see
/// `layer_profile.hpp`.
void measure_work(network_work& work, const prepared_job& job, device& dev,
                  double flops);

/// The plan of a strategy; nothing if none fits, or if the strategy needs
/// caches and there are none.
/// @pre `how` is one of the planned mechanisms
std::optional<network_plan> plan_by(mechanism how, const planned_job& job,
                                    const planned_cluster& on);

/// How a job is split now, as plans see it, and what that takes.
/// @param seats By group id; devices count as in `devices_of`.
network_plan plan_as_split(const prepared_job& job, const network_work& work,
                           const planned_cluster& on, const placement& where);

/// A split that costs more than it brings.
struct costly_split {
  double times = 0;     ///< As long as the fastest plan takes.
  uint64_t devices = 0; ///< That the fastest plan uses.
};

/// Compares a job's own split with the fastest plan, by what the nodes have
/// said of themselves. Nothing where the gain is not clear, and where it would
/// take long to tell.
std::optional<costly_split> find_costly_split(const prepared_job& job,
                                              const placement& where,
                                              const cluster_view& nodes);

} // namespace nnactor
