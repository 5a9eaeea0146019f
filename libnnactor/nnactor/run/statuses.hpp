#pragma once

#include "nnactor/messages/message_types.hpp"

#include <optional>
#include <vector>

namespace nnactor {

/// What nodes do, by node index; nothing of a node that did not answer.
using node_statuses = std::vector<std::optional<node_status>>;

} // namespace nnactor
