#include "reports/split_hint.hpp"

#include "terminal/format.hpp"

namespace nnactor {

std::string split_hint(const costly_split& what, const experiment& how,
                       const cluster_view& nodes) {
  auto one = what.devices == 1;
  auto fewer = one && how.cluster.addresses.empty();
  return fmt::format(
      "{} would be faster by the plan: this split takes about {:.1f} times as "
      "long.\n  {} follows the plan, which nnactor plan {} explains.",
      !one ? fmt::format("{} devices", what.devices)
      : nodes.members.front().info.device == "cpu" ? "one core"
                                                   : "one device",
      what.times,
      fewer ? "--set cluster.nodes=1" : "--set 'distribute={by=\"auto\"}'",
      printable(how.file));
}

} // namespace nnactor
