#pragma once

#include "commands/job_options.hpp"

#include "nnactor/run/served_model.hpp"

#include <string>

namespace nnactor {

/// Serves the best generation of the model in `folder` on the nodes of a
/// command line, with a bar while it is loaded.
result<served_model> open_model(const std::string& folder,
                                const node_options& nodes);

} // namespace nnactor
