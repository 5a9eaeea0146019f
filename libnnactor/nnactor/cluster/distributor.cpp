#include "nnactor/cluster/distributor.hpp"

#include "nnactor/defaults.hpp"

namespace nnactor {

/// A join under way: dial, greet, connect the pairs, exchange gates; each
/// phase starts when the one before is complete on all nodes.
struct distributor_state::joining {
  std::shared_ptr<cluster_view> cluster;
  caf::typed_response_promise<cluster_ptr> promise;
  size_t missing = 0; ///< Answers of the current phase.

  void fail_at(size_t index, const caf::error& why) {
    auto& address = cluster->members[index].address;
    auto text = explain(why);
    // The dialer names the address itself.
    promise.deliver(text.find(address) == std::string::npos
                        ? within("node " + address, why)
                        : why);
  }
};

caf::result<cluster_ptr>
distributor_state::join(uint64_t epoch,
                        const std::vector<std::string>& addresses) {
  auto what = std::make_shared<joining>();
  what->cluster = std::make_shared<cluster_view>();
  what->cluster->epoch = epoch;
  for (auto& address : addresses)
    what->cluster->members.push_back({address, {}, {}, {}});
  what->promise = self->make_response_promise<cluster_ptr>();
  what->missing = addresses.size();
  for (size_t i = 0; i < addresses.size(); ++i)
    dial(what, i);
  return what->promise;
}

void distributor_state::dial(const joining_ptr& what, size_t index) {
  auto timeout = static_cast<uint32_t>(patience.count());
  auto& address = what->cluster->members[index].address;
  self->request(dialer, 2 * patience, dial_atom::value, address, timeout)
      .then(
          [=, this](const node_actor& node) {
            what->cluster->members[index].node = node;
            greet(what, index);
          },
          [=](const caf::error& why) { what->fail_at(index, why); });
}

void distributor_state::greet(const joining_ptr& what, size_t index) {
  auto& node = what->cluster->members[index].node;
  self->request(node, patience, hello_atom::value,
                std::string{protocol_version})
      .then(
          [=, this](const node_info& info) {
            what->cluster->members[index].info = info;
            if (--what->missing == 0)
              connect_pairs(what);
          },
          [=](const caf::error& why) { what->fail_at(index, why); });
}

// A message to an actor that is known through a third node takes the way over
// that node, so every pair connects directly before it learns of the other's
// actors.
void distributor_state::connect_pairs(const joining_ptr& what) {
  auto& members = what->cluster->members;
  std::vector<std::string> addresses;
  for (auto& m : members)
    addresses.push_back(m.address);
  what->missing = members.size();
  for (size_t i = 0; i < members.size(); ++i)
    self->request(members[i].node, 2 * patience, join_atom::value,
                  what->cluster->epoch, static_cast<node_index>(i), addresses)
        .then(
            [=, this](uint64_t) {
              if (--what->missing == 0)
                exchange_gates(what);
            },
            [=](const caf::error& why) { what->fail_at(i, why); });
}

void distributor_state::exchange_gates(const joining_ptr& what) {
  auto& members = what->cluster->members;
  auto driver_index = static_cast<node_index>(members.size());
  what->missing = members.size();
  for (size_t i = 0; i < members.size(); ++i)
    self->request(members[i].node, patience, peer_atom::value,
                  what->cluster->epoch, driver_index, gate)
        .then(
            [=, this](const gate_actor& theirs) {
              what->cluster->members[i].gate = theirs;
              if (--what->missing == 0) {
                cluster = what->cluster;
                what->promise.deliver(cluster_ptr{cluster});
              }
            },
            [=](const caf::error& why) { what->fail_at(i, why); });
}

caf::result<deployed_ptr>
distributor_state::deploy(const deployment& job, const driver_actor& driver) {
  if (!cluster)
    return fail(ec::unreachable, "no nodes have been joined");
  auto plan = std::make_shared<deployment>(job);
  plan->epoch = cluster->epoch;
  plan->servers.clear();
  for (auto& m : cluster->members)
    plan->servers.push_back({m.address, credential});
  plan->servers.push_back({"driver", credential});
  auto nodes = static_cast<uint32_t>(cluster->members.size());
  plan->where = place(plan->graph, nodes, devices);
  auto deployed = std::make_shared<deployed_network>();
  deployed->reports.resize(nodes);
  auto promise = self->make_response_promise<deployed_ptr>();
  auto missing = std::make_shared<size_t>(nodes);
  for (node_index i = 0; i < nodes; ++i) {
    plan->self = i;
    auto bytes = encode(*plan);
    auto* first = reinterpret_cast<const char*>(bytes.data());
    auto address = cluster->members[i].address;
    self->request(cluster->members[i].node, defaults::deploy_timeout,
                  deploy_atom::value,
                  std::vector<char>{first, first + bytes.size()}, driver)
        .then(
            [=](const node_report& report) mutable {
              deployed->reports[i] = report;
              if (--*missing == 0)
                promise.deliver(deployed_ptr{deployed});
            },
            [=](const caf::error& why) mutable {
              promise.deliver(within("node " + address, why));
            });
  }
  plan->self = plan->where.driver();
  deployed->job = plan;
  return promise;
}

void distributor_state::leave() {
  if (cluster)
    for (auto& m : cluster->members)
      self->send(m.node, leave_atom::value, cluster->epoch);
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
      [&st](join_atom, uint64_t epoch,
            const std::vector<std::string>& addresses) {
        return st.join(epoch, addresses);
      },
      [&st](deploy_atom, const deployment_ptr& job,
            const driver_actor& driver) { return st.deploy(*job, driver); },
      [&st](leave_atom) { st.leave(); },
  };
}

} // namespace nnactor
