#pragma once

#include "nnactor/cluster/survivors.hpp"
#include "nnactor/run/statuses.hpp"
#include "nnactor/shell/command.hpp"

#include <vector>

namespace nnactor {

/// Groups that go to other nodes, or nodes that come and go.
struct planned_move {
  rearrangement to;
  std::vector<transfer> transfers;
  std::vector<server> between; ///< What the indices of `transfers` mean.
};

/// Plans what a shell asks for: `move` of a group or of neurons to a node, or
/// `leave` of it. Fails with `ec::invalid_argument` on what cannot move.
/// @param devices Used on each node.
result<planned_move> plan_move(const deployment& job, const command& what,
                               node_index node, uint32_t devices);

/// Plans a job with one node more, with the groups that `to` has on it.
planned_move plan_join(const deployment& job, rearrangement to,
                       const std::string& address);

/// Returns by group the seconds a step that its blocks took between two looks.
/// Fails with `ec::timeout`, naming a node that did not answer.
result<std::vector<double>> busy_between(const deployment& job,
                                         const node_statuses& first,
                                         const node_statuses& second);

} // namespace nnactor
