#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/partition/rebalance.hpp"
#include "nnactor/run/roster.hpp"
#include "nnactor/run/statuses.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace nnactor {

// What shells are answered: the fields are specified in shell/README.md.

/// @param sent Bytes by node index, since the run began.
/// @param gone Nodes that are not there any more.
nlohmann::json nodes_view(const deployed_network& in, const node_statuses& all,
                          const std::vector<uint64_t>& sent,
                          const std::vector<roster::entry>& gone);

nlohmann::json groups_view(const deployed_network& in,
                           const node_statuses& all);

nlohmann::json layers_view(const deployment& job);

/// @param between What the indices of the moves mean.
nlohmann::json moves_view(const std::vector<server>& between,
                          const std::vector<transfer>& moves);

/// What a rebalancing measured and expects.
nlohmann::json rebalance_view(const rebalancing& what,
                              const std::vector<server>& servers);

/// Tells moves to people.
std::string describe(const std::vector<server>& between,
                     const std::vector<transfer>& moves);

/// The weights of the groups around a neuron.
struct neuron_weights {
  std::vector<float> own; ///< Row of the neuron, its bias last if it has one.
  std::vector<std::pair<group_id, std::vector<float>>> readers; ///< See
                                                                ///< `peek`.
};

/// @param most Connections listed each way.
nlohmann::json neuron_view(const deployed_network& in, neuron_id neuron,
                           const neuron_weights& weights, size_t most);

/// Returns the group of a neuron.
/// @pre the network has it
const group& group_of(const group_graph& graph, neuron_id neuron);

} // namespace nnactor
