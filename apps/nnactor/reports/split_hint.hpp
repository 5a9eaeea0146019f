#pragma once

#include "reports/reporter.hpp"

#include "nnactor/run/job.hpp"

namespace nnactor {

/// Hints at the plan where that says clearly that the split of a job costs more
/// than it brings.
void hint_at_split(const prepared_job& job, const placement& where,
                   const cluster_view& nodes, reporter& screen);

} // namespace nnactor
