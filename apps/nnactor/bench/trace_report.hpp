#pragma once

#include "reports/figure.hpp"

#include "nnactor/error.hpp"
#include "nnactor/machine/trace.hpp"

#include <string>
#include <vector>

namespace nnactor {

/// What the threads of one run have done.
struct traced_run {
  std::string name; ///< For example "one_node".
  std::vector<trace::thread_records> threads;
};

/// Where the time of the cores goes on which nodes compute: shares of what is
/// between their first block and their last.
figures shares_of(const traced_run& run);

/// Writes the runs one after the other as a file that chrome://tracing and
/// https://ui.perfetto.dev show.
/// @param driver Process of the driver, as all others are nodes.
caf::error write_trace(const std::vector<traced_run>& runs, uint64_t driver,
                       const std::string& path, bool overwrite);

} // namespace nnactor
