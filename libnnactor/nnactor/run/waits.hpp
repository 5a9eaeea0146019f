#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/run/statuses.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace nnactor {

/// One group that cannot go on, and for whom it waits.
struct wait_report {
  group_status what;
  node_index node = 0;
  node_index of_node = 0; ///< Of the group that it waits for.
};

/// Lists what groups wait for, those first whose wait explains the others': the
/// group they wait for is computing, or its node does not answer.
std::vector<wait_report> waits_of(const deployed_network& in,
                                  const node_statuses& all);

/// Renders the same as JSON.
nlohmann::json waits_view(const deployed_network& in, const node_statuses& all);

/// Renders the first of them as sentences for an error, behind "; ": which
/// nodes do not answer, which group waits for which; empty if nobody waits.
std::string describe_waits(const deployed_network& in,
                           const node_statuses& all);

} // namespace nnactor
