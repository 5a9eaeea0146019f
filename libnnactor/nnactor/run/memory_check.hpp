#pragma once

#include "nnactor/engine/footprint.hpp"
#include "nnactor/run/job.hpp"

#include <vector>

namespace nnactor {

/// Returns the most memory that each node may use, as far as it is known: that
/// of its GPUs where it computes on them alone; else its part of what is free
/// on its machine, or taken by the nodes there. 0: unknown.
std::vector<uint64_t> memory_limits(const cluster_settings& how,
                                    const cluster_view& nodes);

/// Returns what of that is left for parameters: at least 1 where it is known.
std::vector<uint64_t> memory_for_parameters(const cluster_settings& how,
                                            const cluster_view& nodes);

/// What the job takes on each node.
std::vector<node_footprint> footprints(const prepared_job& job,
                                       const placement& where,
                                       const cluster_view& nodes);

/// Fails if the nodes of a machine together do not fit its memory, or if one
/// does not fit what it may use: names them and what there is to do.
caf::error check_memory(const prepared_job& job, const placement& where,
                        const cluster_view& nodes);

/// The same for a model that is only asked, `defaults::question_examples`
/// examples at a time, its parts on nodes in turn.
caf::error check_memory(const deployment& inference,
                        const cluster_settings& how, const cluster_view& nodes);

} // namespace nnactor
