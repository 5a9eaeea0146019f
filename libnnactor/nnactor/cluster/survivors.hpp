#pragma once

#include "nnactor/cluster/deployment.hpp"
#include "nnactor/partition/rearrange.hpp"

#include <set>
#include <string>
#include <vector>

namespace nnactor {

/// Where the groups of a job are to be.
struct rearrangement {
  arrangement next;
  std::vector<server> servers; ///< Nodes, then the driver.
};

/// Puts the groups of lost nodes, given by their addresses, on the other nodes
/// of a job. Fails with `ec::node_lost`, naming one of them, if no node is
/// left.
/// @param devices Used on each node.
result<rearrangement> survivors_of(const deployment& job,
                                   const std::set<std::string>& lost,
                                   uint32_t devices);

/// Whether a request that failed so may succeed once other nodes have taken
/// over: its receiver is gone, cannot be reached, or does not answer.
bool is_loss(const caf::error& why);

} // namespace nnactor
