#pragma once

#include "nnactor/run/planned_nodes.hpp"

#include <string>

namespace nnactor {

/// What people are told of a split that costs more than it brings.
std::string split_hint(const costly_split& what, const experiment& how,
                       const cluster_view& nodes);

} // namespace nnactor
