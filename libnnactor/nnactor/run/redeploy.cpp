#include "nnactor/run/redeploy.hpp"

namespace nnactor {

void monitor_nodes(caf::scheduled_actor& self, const deployed_ptr& before,
                   const deployed_ptr& network,
                   std::function<void(const std::string&)> lost) {
  if (before)
    for (auto& m : before->cluster.members)
      self.demonitor(m.node.address());
  for (auto& m : network->cluster.members)
    self.monitor(m.node);
  self.set_down_handler(
      [network, lost = std::move(lost)](const caf::down_msg& msg) {
        for (auto& m : network->cluster.members)
          if (m.node.address() == msg.source)
            return lost(m.address);
      });
}

} // namespace nnactor
