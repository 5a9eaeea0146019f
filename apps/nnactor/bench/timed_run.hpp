#pragma once

#include "nnactor/run/controller.hpp"
#include "nnactor/run/job.hpp"

namespace nnactor {

/// What a training job took, its first steps left out.
struct timing {
  double steps_per_s = 0;
  double bytes_per_step = 0; ///< Over links.
};

/// Nodes with an epoch of a model, ready to train a job.
struct ready_cluster {
  std::unique_ptr<controller> cluster;
  controller::claim claim;

  /// @param watch Sees every event.
  /// @param placed Sees the placement before the first step.
  caf::error train(
      const prepared_job& job, const controller::watcher& watch,
      const std::function<void(const deployed_network&)>& placed =
          [](const deployed_network&) {});
};

result<ready_cluster> start_cluster(controller_settings how);

/// Trains a job on that many node processes of this machine, with a model in
/// a temporary folder.
result<timing> time_nodes(prepared_job job, uint32_t nodes);

/// Returns the steps a second of a plain loop over the groups of a graph.
double time_plain_loop(const prepared_job& job, const group_graph& graph);

} // namespace nnactor
