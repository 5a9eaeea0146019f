#include "nnactor/cluster/survivors.hpp"

#include <algorithm>

namespace nnactor {

result<rearrangement> survivors_of(const deployment& job,
                                   const std::set<std::string>& lost,
                                   uint32_t devices) {
  rearrangement to{{job.parts, job.graph, job.where}, job.servers};
  for (auto& address : lost) {
    auto at = std::ranges::find(to.servers, address, &server::address);
    if (at == to.servers.end())
      continue;
    auto node = static_cast<node_index>(at - to.servers.begin());
    auto without = evacuate_node(job.net, to.next, node, devices);
    if (!without)
      return fail(ec::node_lost, "{} is lost and no other is left",
                  name_of(*at));
    to.next = drop_node(*without, node);
    to.servers.erase(at);
  }
  return to;
}

bool is_loss(const caf::error& why) {
  auto code = code_of(why);
  return code == ec::node_lost || code == ec::timeout
         || code == ec::unreachable;
}

} // namespace nnactor
