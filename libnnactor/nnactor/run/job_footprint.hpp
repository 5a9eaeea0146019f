#pragma once

#include "nnactor/engine/footprint.hpp"
#include "nnactor/partition/connectivity.hpp"
#include "nnactor/run/memory_check.hpp"

#include <vector>

namespace nnactor {

/// What a job would take on its nodes and links, before it runs.
struct job_footprint {
  cluster_ptr nodes;
  placement where;
  std::vector<node_footprint> needs; ///< By node.
  std::vector<uint64_t> memory;      ///< That each node may use.
  std::vector<link_traffic> links;
  connection_cut cut;
};

job_footprint footprint_of(const prepared_job& job, const cluster_ptr& nodes);

} // namespace nnactor
