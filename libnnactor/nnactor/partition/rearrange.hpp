#pragma once

#include "nnactor/error.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <optional>
#include <vector>

namespace nnactor {

/// A partitioned network on its nodes. While a job runs, one arrangement
/// follows another; those that keep the partition give the same model bit by
/// bit.
struct arrangement {
  partition parts;
  group_graph graph; ///< Of `parts`.
  placement where;
};

/// What went from one node to another.
struct transfer {
  std::optional<group_id> group; ///< A whole group, by its id before.
  neuron_set neurons;            ///< Empty for the loss.
  node_index from = 0;
  node_index to = 0;
};

/// Puts one group on another node, the loss included. Fails with
/// `ec::invalid_argument` on a group that belongs to the driver and on a node
/// that is not there.
/// @param devices Used on each node; the group gets the emptiest.
result<arrangement> move_group(const arrangement& from, group_id what,
                               node_index to, uint32_t devices);

/// Puts neurons on another node, splitting groups: they join the node's group
/// of their layer, or form one. Fails with `ec::invalid_argument` on neurons
/// and nodes that are not there and where nothing would move.
result<arrangement> move_neurons(const network& net, const arrangement& from,
                                 neuron_interval which, node_index to,
                                 uint32_t devices);

/// Makes room for one more node, which has no groups yet; those from its index
/// on move down.
arrangement add_node(const arrangement& from, node_index which);

/// Spreads the groups of a node over the others, the largest first, each to
/// the node with the least work. Fails with `ec::invalid_argument` on the last
/// node.
result<arrangement> evacuate_node(const network& net, const arrangement& from,
                                  node_index which, uint32_t devices);

/// Takes a node out; those after it move up.
/// @pre no group is on it
arrangement drop_node(const arrangement& from, node_index which);

/// Lists what two arrangements of the same network have on different nodes.
/// @pre both have the same nodes
std::vector<transfer> differences(const arrangement& before,
                                  const arrangement& after);

/// Returns the multiply-adds of a group for one example; at least 1.
double work_of(const network& net, const group& what);

/// Takes neurons of one layer out of their parts and into others.
struct regrouping {
  neuron_set neurons; ///< Of one layer.
  node_index to = 0;
};

/// Applies several such steps at once; see `move_neurons`.
arrangement regroup(const network& net, const arrangement& from,
                    const std::vector<regrouping>& steps, uint32_t devices);

} // namespace nnactor
