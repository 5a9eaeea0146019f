#include "reports/split_hint.hpp"

#include "terminal/format.hpp"

#include "nnactor/run/planned_nodes.hpp"

namespace nnactor {

void hint_at_split(const prepared_job& job, const placement& where,
                   const cluster_view& nodes, reporter& screen) {
  auto found = find_costly_split(job, where, nodes);
  if (!found)
    return;
  auto one = found->devices == 1;
  auto fewer = one && job.how.cluster.addresses.empty();
  screen.hint(fmt::format(
      "{} would be faster by the plan: this split takes about {:.1f} times as "
      "long.\n  {} follows the plan, which nnactor plan {} explains.",
      !one ? fmt::format("{} devices", found->devices)
      : nodes.members.front().info.device == "cpu" ? "one core"
                                                   : "one device",
      found->times,
      fewer ? "--set cluster.nodes=1" : "--set 'distribute={by=\"auto\"}'",
      printable(job.how.file)));
}

} // namespace nnactor
