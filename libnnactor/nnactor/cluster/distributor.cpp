#include "nnactor/cluster/distributor.hpp"

#include <algorithm>

namespace nnactor {

/// A join under way: every node is dialed, then greeted.
struct distributor_state::joining {
  std::vector<cluster_view::member> members;
  caf::typed_response_promise<cluster_ptr> promise;
  size_t missing = 0;

  void fail_at(size_t index, const caf::error& why) {
    auto& address = members[index].address;
    auto text = explain(why);
    // The dialer names the address itself.
    promise.deliver(text.find(address) == std::string::npos
                        ? within("node " + address, why)
                        : why);
  }
};

caf::result<cluster_ptr>
distributor_state::join(const std::vector<std::string>& addresses) {
  auto what = std::make_shared<joining>();
  for (auto& address : addresses)
    what->members.push_back({address, {}, {}, {}});
  what->promise = self->make_response_promise<cluster_ptr>();
  what->missing = addresses.size();
  if (addresses.empty())
    what->promise.deliver(std::make_shared<const cluster_view>(known));
  for (size_t i = 0; i < addresses.size(); ++i)
    dial(what, i);
  return what->promise;
}

void distributor_state::dial(const joining_ptr& what, size_t index) {
  auto timeout = static_cast<uint32_t>(patience.count());
  self->request(dialer, 2 * patience, dial_atom::value,
                what->members[index].address, timeout)
      .then(
          [=, this](const node_actor& node) {
            what->members[index].node = node;
            greet(what, index);
          },
          [=](const caf::error& why) { what->fail_at(index, why); });
}

// Nodes become known together: in the order in which they were named, not in
// the one in which they answered.
void distributor_state::greet(const joining_ptr& what, size_t index) {
  self->request(what->members[index].node, patience, hello_atom::value,
                std::string{protocol_version})
      .then(
          [=, this](const node_info& info) {
            what->members[index].info = info;
            if (--what->missing > 0)
              return;
            for (auto& m : what->members) {
              auto met = std::ranges::find(known.members, m.address,
                                           &cluster_view::member::address);
              if (met == known.members.end())
                known.members.push_back(m);
              else
                *met = m;
            }
            what->promise.deliver(std::make_shared<const cluster_view>(known));
          },
          [=](const caf::error& why) { what->fail_at(index, why); });
}

void distributor_state::leave() {
  if (deployed)
    for (auto& m : deployed->cluster.members)
      self->send(m.node, leave_atom::value, deployed->job->epoch);
}

distributor_actor::behavior_type
run_distributor(distributor_state::pointer self, dialer_actor dialer,
                gate_actor gate, std::string credential,
                std::chrono::milliseconds patience, uint32_t devices) {
  auto& st = self->state;
  st.self = self;
  st.dialer = std::move(dialer);
  st.gate = std::move(gate);
  st.credential = std::move(credential);
  st.patience = patience;
  st.devices = devices;
  return {
      [&st](join_atom, const std::vector<std::string>& addresses) {
        return st.join(addresses);
      },
      [&st](deploy_atom, const deployment_ptr& job,
            const driver_actor& driver) { return st.deploy(*job, driver); },
      [&st](leave_atom) { st.leave(); },
  };
}

} // namespace nnactor
