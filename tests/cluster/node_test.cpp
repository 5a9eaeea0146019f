#include "nnactor/cluster/distributor.hpp"
#include "nnactor/device/cpu/cpu_device.hpp"
#include "support/networks.hpp"
#include "support/simulation.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// Nodes of one world, reached as a distributor reaches them.
struct some_nodes : simulated_cluster {
  explicit some_nodes(uint32_t count, uint64_t seed = 0)
      : simulated_cluster({.seed = seed, .nodes = count}),
        net(small_regression()) {
    std::vector<neuron_id> even, odd;
    for (neuron_id id = 0; id < net.neuron_count(); ++id)
      (id % 2 ? odd : even).push_back(id);
    parts.parts = {neuron_set::of(std::move(even)),
                   neuron_set::of(std::move(odd))};
  }

  /// What node `self` of `count` is told for a job without a store.
  std::vector<char> plan(uint64_t epoch, node_index self = 0) const {
    deployment out;
    out.epoch = epoch;
    out.self = self;
    for (auto& [address, node] : *addresses)
      out.servers.push_back({address, ""});
    out.servers.push_back({"driver", ""});
    out.net = net;
    out.parts = parts;
    out.graph = make_group_graph(net, parts);
    out.where = place(out.graph, static_cast<uint32_t>(nodes.size()), 1);
    out.model = "tiny";
    auto bytes = encode(out);
    auto* first = reinterpret_cast<const char*>(bytes.data());
    return {first, first + bytes.size()};
  }

  /// Connects every pair of nodes, and each with the driver.
  caf::error try_connect(uint64_t epoch) {
    for (uint32_t i = 0; i < nodes.size(); ++i) {
      std::vector<std::string> names(nodes.size());
      for (auto j = i + 1; j < nodes.size(); ++j)
        names[j] = fmt::format("node:{}", j + 1);
      auto joined = world.ask_now<uint64_t>(nodes[i], join_atom::value, epoch,
                                            node_index{i}, names);
      if (joined.error())
        return joined.error();
      auto met = world.ask_now<gate_actor>(
          nodes[i], peer_atom::value, epoch,
          static_cast<node_index>(nodes.size()), gate);
      if (met.error())
        return met.error();
    }
    return caf::none;
  }

  bool connect(uint64_t epoch) {
    return !try_connect(epoch);
  }

  answer<node_report> deploy(uint64_t epoch) {
    return world.ask_now<node_report>(nodes[0], deploy_atom::value, plan(epoch),
                                      driver_actor{driver});
  }

  node_state& state(size_t index) {
    return state_of<node_state>(nodes[index]);
  }

  network net;
  partition parts;
  std::shared_ptr<driver_record> record = std::make_shared<driver_record>();
  fake_driver_actor driver = spawn_driver(world, record);
};

} // namespace

TEST_CASE("a node tells who it is to callers of its own version only") {
  some_nodes x{1};
  auto info = x.world.ask_now<node_info>(x.nodes[0], hello_atom::value,
                                         std::string{protocol_version});
  CHECK(info.value().version == protocol_version);
  CHECK(info.value().devices == 1);
  CHECK(info.value().cores > 0);
  auto refused = x.world.ask_now<node_info>(x.nodes[0], hello_atom::value,
                                            std::string{"nnactor-0"});
  CHECK(code_of(refused.error()) == ec::protocol_violation);
  auto text = explain(refused.error());
  CHECK(text.find("nnactor-0") != std::string::npos);
  CHECK(text.find(protocol_version) != std::string::npos);
}

TEST_CASE("nodes that are told to learn of each other's gates") {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    some_nodes x{4, seed};
    REQUIRE(x.connect(5));
    for (uint32_t i = 0; i < 4; ++i) {
      auto& state = x.state(i);
      CHECK(state.epoch == 5);
      // The other three and the driver.
      CHECK(state.peers.size() == 4);
      CHECK(!state.peers.contains(i));
      CHECK(state.peers.at(4) == x.gate);
    }
  }
}

TEST_CASE("a node that cannot be reached is named") {
  some_nodes x{2};
  x.addresses->erase("node:2");
  auto joined = x.join();
  REQUIRE(!joined);
  CHECK(code_of(joined.error()) == ec::unreachable);
  CHECK(explain(joined.error()).find("node:2") != std::string::npos);
}

TEST_CASE("a node that is silent is named after a finite time") {
  some_nodes x{2};
  auto mute = x.world.adopt(
      x.world.system().spawn([](caf::event_based_actor* self) -> caf::behavior {
        self->set_default_handler(caf::skip);
        return {[](leave_atom) {}};
      }));
  x.addresses->at("node:2") = caf::actor_cast<node_actor>(mute);
  auto joined =
      x.world.ask<cluster_ptr>(x.distributor, join_atom::value,
                               std::vector<std::string>{"node:1", "node:2"});
  x.world.settle();
  CHECK(!joined.is_there());
  x.world.advance(std::chrono::seconds{60});
  REQUIRE(joined.is_there());
  CHECK(code_of(joined.error()) == ec::timeout);
  CHECK(explain(joined.error()).find("node:2") != std::string::npos);
}

TEST_CASE("a job is set up for the epoch that the node has joined") {
  some_nodes x{1};
  REQUIRE(x.connect(3));
  auto report = x.deploy(3).value();
  // Three layers in two parts, and the loss.
  CHECK(report.groups == 7);
  CHECK(report.neurons == x.net.neuron_count());
  CHECK(report.parameters == x.net.parameter_count());
  CHECK(report.table.empty());
}

TEST_CASE("a job for another epoch is refused, naming both") {
  some_nodes x{1};
  CHECK(code_of(x.deploy(3).error()) == ec::protocol_violation);
  REQUIRE(x.connect(3));
  auto refused = explain(x.deploy(4).error());
  CHECK(refused.find("epoch 4 after joining epoch 3") != std::string::npos);
  CHECK(!x.state(0).job);
}

TEST_CASE("garbage for a job is refused and the node lives on") {
  some_nodes x{1};
  REQUIRE(x.connect(3));
  auto bytes = x.plan(3);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    auto damaged = bytes;
    damaged[i] = static_cast<char>(~damaged[i]);
    auto out = x.world.ask_now<node_report>(x.nodes[0], deploy_atom::value,
                                            damaged, driver_actor{x.driver});
    CHECK(out.is_there());
  }
  auto refused = x.world.ask_now<node_report>(x.nodes[0], deploy_atom::value,
                                              std::vector<char>(1000, 'x'),
                                              driver_actor{x.driver});
  CHECK(code_of(refused.error()) == ec::protocol_violation);
  CHECK(x.deploy(3).value().groups == 7);
}

TEST_CASE("a node that has no connection to a peer says so and stays free") {
  some_nodes x{2};
  REQUIRE(x.connect(3));
  x.state(0).peers.erase(1);
  auto refused = x.deploy(3);
  CHECK(code_of(refused.error()) == ec::unreachable);
  CHECK(explain(refused.error()).find("node:2") != std::string::npos);
  CHECK(!x.state(0).job);
}

TEST_CASE("a folder that cannot be written is an error and no half job") {
  some_nodes x{1};
  REQUIRE(x.connect(3));
  x.state(0).settings.state = "/dev/null/state";
  auto refused = x.deploy(3);
  CHECK(explain(refused.error()).find("connection table") != std::string::npos);
  CHECK(!x.state(0).job);
  CHECK(x.connect(4));
}

TEST_CASE("a busy node refuses another cluster until the job is over") {
  some_nodes x{1};
  REQUIRE(x.connect(3));
  x.deploy(3).value();
  auto refused = x.try_connect(4);
  CHECK(explain(refused).find("busy with another job (epoch 3)")
        != std::string::npos);
  auto met = x.world.ask_now<gate_actor>(x.nodes[0], peer_atom::value,
                                         uint64_t{3}, node_index{1}, x.gate);
  CHECK(code_of(met.error()) == ec::unreachable);
  // Another epoch's end is not this one's.
  caf::anon_send(x.nodes[0], leave_atom::value, uint64_t{2});
  x.world.settle();
  CHECK(!x.connect(4));
  caf::anon_send(x.nodes[0], leave_atom::value, uint64_t{3});
  x.world.settle();
  CHECK(x.connect(4));
}

TEST_CASE("groups and links end with their job") {
  some_nodes x{2};
  REQUIRE(x.connect(3));
  auto running = x.world.system().registry().running();
  x.deploy(3).value();
  CHECK(x.world.system().registry().running() > running);
  caf::anon_send(x.nodes[0], leave_atom::value, uint64_t{3});
  x.world.settle();
  CHECK(x.world.system().registry().running() == running);
}

TEST_CASE("a driver that is gone takes its groups along") {
  some_nodes x{1};
  REQUIRE(x.connect(3));
  auto running = x.world.system().registry().running();
  x.deploy(3).value();
  caf::anon_send_exit(x.driver, caf::exit_reason::kill);
  x.world.settle();
  CHECK(!x.state(0).job);
  CHECK(x.world.system().registry().running() < running);
  CHECK(x.connect(4));
}

TEST_CASE("a node that is told to end takes everything along") {
  auto running = size_t{0};
  actor_world world;
  auto before = world.system().registry().running();
  node_settings settings;
  settings.store = "store";
  settings.make_device = [](uint32_t) { return make_reference_device(); };
  settings.fs = make_memory_filesystem();
  settings.own_threads = false;
  auto node = world.system().spawn(run_node, settings);
  world.settle();
  running = world.system().registry().running();
  // Itself, gate, persistence, device.
  CHECK(running == before + 4);
  caf::anon_send_exit(node, caf::exit_reason::user_shutdown);
  world.settle();
  CHECK(world.system().registry().running() == before);
}

TEST_CASE("requests to save are answered for the job's epoch only") {
  some_nodes x{1};
  REQUIRE(x.connect(3));
  auto save = [&](uint64_t epoch) {
    return x.world.ask_now<uint64_t>(x.nodes[0], save_atom::value, epoch,
                                     uint64_t{1}, uint64_t{0});
  };
  CHECK(code_of(save(3).error()) == ec::protocol_violation);
  REQUIRE(x.store().claim_epoch());
  x.deploy(3).value();
  CHECK(code_of(save(2).error()) == ec::protocol_violation);
  CHECK(save(3).value() == 1);
  x.world.settle();
  REQUIRE(x.record->slices.size() == 1);
  CHECK(x.record->slices[0].generation == 1);
}

TEST_CASE("a deployment without joined nodes is refused") {
  some_nodes x{1};
  auto plan = std::make_shared<const deployment>();
  auto out = x.world.ask_now<deployed_ptr>(x.distributor, deploy_atom::value,
                                           deployment_ptr{plan},
                                           driver_actor{x.driver});
  CHECK(code_of(out.error()) == ec::unreachable);
}
