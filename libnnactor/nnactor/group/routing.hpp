#pragma once

#include "nnactor/messages/actors.hpp"
#include "nnactor/metadata/connection_table.hpp"

#include <map>
#include <vector>

namespace nnactor {

/// A node's connection table with the actors behind its entries. What is
/// local and what is remote is decided here and nowhere else.
struct routing {
  uint64_t epoch = 0;
  connection_table table;
  uint64_t max_columns = 0;               ///< Of any tensor of the network.
  std::map<group_id, sink_actor> groups;  ///< Of this node.
  std::map<node_index, sink_actor> links; ///< To every other node.

  /// Whoever must get the output of a local group: each reader on this node,
  /// and each other node that has readers once.
  std::vector<sink_actor> readers(group_id producer) const;

  /// Whoever leads to a group; null if no connection does.
  sink_actor towards(group_id consumer) const;
};

/// Builds the part of a routing that is known before groups exist.
routing make_routing(uint64_t epoch, connection_table table,
                     const group_graph& graph,
                     std::map<node_index, sink_actor> links);

} // namespace nnactor
