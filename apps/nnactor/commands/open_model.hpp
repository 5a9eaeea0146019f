#pragma once

#include "commands/job_options.hpp"

#include "nnactor/run/served_model.hpp"

#include <string>

namespace nnactor {

/// Serves the best generation of the model in `folder` on the nodes of a
/// command line, with a bar while it is loaded.
/// @param writes Whether it is to keep what it reads, if it can: pages of one
///     text as long as it looks at.
result<served_model> open_model(const std::string& folder,
                                const node_options& nodes, bool writes = false);

/// The pages that it has then.
uint32_t pages_of(const network& net);

} // namespace nnactor
