#include "nnactor/cluster/distributor.hpp"
#include "nnactor/defaults.hpp"

#include <algorithm>
#include <set>

namespace nnactor {

/// A deployment under way: neighbours connect, everyone exchanges gates with
/// the driver, groups are set up; each phase starts when the one before is
/// complete on all nodes.
struct distributor_state::deploying {
  deployment plan;
  driver_actor driver;
  std::shared_ptr<deployed_network> network;
  caf::typed_response_promise<deployed_ptr> promise;
  size_t missing = 0; ///< Answers of the current phase.

  std::vector<cluster_view::member>& members() {
    return network->cluster.members;
  }

  // Whoever dies when all is done and told is the business of others: the plan
  // has gone to them.
  void fail_at(size_t index, const caf::error& why) {
    if (promise.pending())
      promise.deliver(within(name_of(plan.servers[index]), why));
  }
};

namespace {

// Pairs of nodes between which tensors travel, each once.
std::set<std::pair<node_index, node_index>> neighbours(const deployment& plan) {
  std::set<std::pair<node_index, node_index>> pairs;
  for (auto& producer : plan.graph.groups)
    for (auto& to : producer.downstream) {
      auto [low, high] = std::minmax({plan.where.seats[producer.id].node,
                                      plan.where.seats[to.group].node});
      if (low != high && high != plan.where.driver())
        pairs.emplace(low, high);
    }
  return pairs;
}

} // namespace

caf::result<deployed_ptr>
distributor_state::deploy(const deployment& job, const driver_actor& driver) {
  auto what = std::make_shared<deploying>();
  what->plan = job;
  what->driver = driver;
  what->network = std::make_shared<deployed_network>();
  what->promise = self->make_response_promise<deployed_ptr>();
  if (auto err = choose_members(*what)) {
    what->promise.deliver(std::move(err));
    return what->promise;
  }
  watch(what);
  connect_neighbours(what);
  return what->promise;
}

// A node that dies over a request that it has taken leaves no answer.
void distributor_state::watch(const deploying_ptr& what) {
  for (auto& m : what->members())
    self->monitor(m.node);
  self->set_down_handler([what](const caf::down_msg& msg) {
    for (size_t i = 0; i < what->members().size(); ++i)
      if (what->members()[i].node.address() == msg.source)
        what->fail_at(i, fail(ec::node_lost, "it is gone"));
  });
}

caf::error distributor_state::choose_members(deploying& what) {
  auto& plan = what.plan;
  std::vector<uint32_t> numbers;
  if (plan.servers.empty()) {
    what.members() = known.members;
    for (uint32_t i = 0; i < known.members.size(); ++i)
      numbers.push_back(i + 1);
  } else {
    plan.servers.pop_back();
    for (auto& s : plan.servers) {
      numbers.push_back(s.number);
      auto met = std::ranges::find(known.members, s.address,
                                   &cluster_view::member::address);
      if (met == known.members.end())
        return fail(ec::unreachable, "node {} has not been joined", s.address);
      what.members().push_back(*met);
    }
  }
  if (what.members().empty())
    return fail(ec::unreachable, "no nodes have been joined");
  plan.servers.clear();
  for (size_t i = 0; i < numbers.size(); ++i)
    plan.servers.push_back({what.members()[i].address, credential, numbers[i]});
  plan.servers.push_back({"driver", credential});
  if (plan.where.seats.empty())
    plan.where = place(plan.graph, static_cast<uint32_t>(what.members().size()),
                       devices);
  return caf::none;
}

// A message to an actor that is known through a third node takes the way over
// that node, so neighbours connect directly before they learn of each other's
// actors. Nodes that have nothing to say to each other need no connection.
void distributor_state::connect_neighbours(const deploying_ptr& what) {
  auto pairs = neighbours(what->plan);
  what->missing = what->members().size();
  for (size_t i = 0; i < what->members().size(); ++i) {
    std::vector<std::string> addresses(what->members().size());
    for (auto& [low, high] : pairs)
      if (low == i)
        addresses[high] = what->members()[high].address;
    self->request(what->members()[i].node, 2 * patience, join_atom::value,
                  what->plan.epoch, static_cast<node_index>(i), addresses)
        .then(
            [=, this](uint64_t) {
              if (--what->missing == 0)
                exchange_gates(what);
            },
            [=](const caf::error& why) { what->fail_at(i, why); });
  }
}

void distributor_state::exchange_gates(const deploying_ptr& what) {
  auto driver_index = static_cast<node_index>(what->members().size());
  what->missing = what->members().size();
  for (size_t i = 0; i < what->members().size(); ++i)
    self->request(what->members()[i].node, patience, peer_atom::value,
                  what->plan.epoch, driver_index, gate)
        .then(
            [=, this](const gate_actor& theirs) {
              what->members()[i].gate = theirs;
              if (--what->missing == 0)
                set_up(what);
            },
            [=](const caf::error& why) { what->fail_at(i, why); });
}

void distributor_state::set_up(const deploying_ptr& what) {
  auto nodes = what->members().size();
  what->network->reports.resize(nodes);
  what->missing = nodes;
  for (size_t i = 0; i < nodes; ++i) {
    what->plan.self = static_cast<node_index>(i);
    auto bytes = encode(what->plan);
    if (bytes.size() >= defaults::message_bytes - defaults::notice_bytes)
      return what->fail_at(
          i, fail(ec::invalid_partition,
                  "the list of all groups and their neurons takes {} bytes, "
                  "more than the {} of a message; split layers into fewer "
                  "groups",
                  bytes.size(), defaults::message_bytes));
    auto* first = reinterpret_cast<const char*>(bytes.data());
    self->request(what->members()[i].node, defaults::deploy_timeout,
                  deploy_atom::value,
                  std::vector<char>{first, first + bytes.size()}, what->driver)
        .then(
            [=, this](const node_report& report) {
              what->network->reports[i] = report;
              if (--what->missing == 0)
                finish(what);
            },
            [=](const caf::error& why) { what->fail_at(i, why); });
  }
}

void distributor_state::finish(const deploying_ptr& what) {
  for (auto& m : what->members())
    self->demonitor(m.node.address());
  if (deployed)
    for (auto& before : deployed->cluster.members)
      if (std::ranges::find(what->members(), before.address,
                            &cluster_view::member::address)
          == what->members().end()) {
        self->send(before.node, leave_atom::value, deployed->job->epoch);
        std::erase_if(known.members, [&](const cluster_view::member& m) {
          return m.address == before.address;
        });
      }
  what->plan.self = what->plan.where.driver();
  what->network->job =
      std::make_shared<const deployment>(std::move(what->plan));
  deployed = what->network;
  what->promise.deliver(deployed);
}

} // namespace nnactor
