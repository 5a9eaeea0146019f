#include "nnactor/group/neuron_group.hpp"
#include "run/live_job.hpp"

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;
using nlohmann::json;

TEST_CASE("groups move while it trains and the model stays the same bytes") {
  for (uint32_t window : {1, 4}) {
    auto job = language_job(40, window);
    auto expected = undisturbed(job, 3);
    for (uint64_t seed = 0; seed < 12; ++seed) {
      CAPTURE(seed);
      live_job x{{.seed = seed, .nodes = 3}, job};
      x.move_any_groups(seed);
      x.run_to_end();
      CHECK(x.model() == expected);
      CHECK(x.out->losses().size() == 40);
    }
  }
}

TEST_CASE("a node leaves, its groups move first, and it is free") {
  auto job = language_job(40);
  auto expected = undisturbed(job, 3);
  for (uint64_t seed = 0; seed < 8; ++seed) {
    live_job x{{.seed = seed, .nodes = 3}, job};
    x.run_to(7);
    auto said = x.tell("leave 2");
    CHECK(!said["moves"].empty());
    for (auto& move : said["moves"])
      CHECK(move["from"] == 2);
    CHECK(x.tell("nodes")["nodes"].size() == 2);
    x.cluster.world.settle_until(
        [&] { return !state_of<node_state>(x.cluster.nodes[1]).job; });
    CHECK(!state_of<node_state>(x.cluster.nodes[1]).job);
    x.run_to_end();
    CHECK(x.model() == expected);
  }
}

TEST_CASE("what a node has sent does not become less when groups move") {
  live_job x{{.nodes = 3}, language_job(40)};
  x.run_to(7);
  auto before = x.tell("nodes")["nodes"];
  x.tell("leave 3");
  auto after = x.tell("nodes")["nodes"];
  for (size_t i = 0; i < 2; ++i) {
    CHECK(before[i]["sent_bytes"] > 0);
    CHECK(after[i]["address"] == before[i]["address"]);
    CHECK(after[i]["sent_bytes"] >= before[i]["sent_bytes"]);
  }
  x.run_to_end();
}

TEST_CASE("numbers stay with their nodes, whoever goes") {
  auto job = language_job(60);
  live_job x{{.nodes = 3, .spares = 1}, job};
  x.run_to(5);
  CHECK(x.tell("nodes")["driver"]["groups"] == 2);
  for (auto& g : x.tell("groups")["groups"])
    CHECK((g["node"] == 0) == (g["address"] == "driver"));
  x.tell("leave 1");
  auto nodes = x.tell("nodes");
  REQUIRE(nodes["nodes"].size() == 2);
  CHECK(nodes["nodes"][0]["node"] == 2);
  CHECK(nodes["nodes"][0]["address"] == "node:2");
  CHECK(nodes["gone"][0]["node"] == 1);
  CHECK(nodes["gone"][0]["lost"] == false);
  // By number and by address, the same node.
  CHECK(x.refusal("leave 1").starts_with("node 1 (node:1) left at step "));
  CHECK(x.refusal("kill-node node:1")
            .starts_with("node 1 (node:1) left at step "));
  CHECK(x.tell("join node:4")["text"] == "node 4 (node:4) has joined");
  auto moved = x.tell("move group 4 to node:4");
  CHECK(moved["moves"][0]["to"] == 4);
  CHECK(x.tell("leave node:2")["moves"][0]["from"] == 2);
  CHECK(x.tell("join node:1")["text"] == "node 1 (node:1) has joined");
  nodes = x.tell("nodes");
  std::vector<int> numbers;
  for (auto& n : nodes["nodes"])
    numbers.push_back(n["node"]);
  CHECK(numbers == std::vector<int>{1, 3, 4});
  for (auto& g : x.tell("groups")["groups"])
    CHECK((g["node"] == 0
           || g["address"] == fmt::format("node:{}", g["node"].get<int>())));
  x.run_to_end();
  CHECK(x.model() == undisturbed(job, 3));
}

TEST_CASE("the last node cannot leave") {
  live_job x{{.nodes = 1}, language_job(20)};
  x.run_to(2);
  CHECK(mentions(x.refusal("leave 1"), "join another"));
  x.run_to_end();
}

TEST_CASE("a node joins, takes groups, and nothing else changes") {
  auto job = language_job(40);
  auto expected = undisturbed(job, 3);
  for (uint64_t seed = 0; seed < 8; ++seed) {
    simulation how{.seed = seed, .nodes = 3};
    how.spares = 1;
    live_job x{how, job};
    x.run_to(5);
    x.tell("join node:4");
    auto nodes = x.tell("nodes")["nodes"];
    REQUIRE(nodes.size() == 4);
    CHECK(nodes[3]["address"] == "node:4");
    CHECK(nodes[3]["groups"] == 0);
    x.tell("move group 3 to 4");
    x.tell("move group 5 to 4");
    CHECK(x.tell("nodes")["nodes"][3]["groups"] == 2);
    CHECK(mentions(x.refusal("join node:4"), "already"));
    CHECK(mentions(x.refusal("join node:9"), "node:9"));
    x.run_to_end();
    CHECK(x.model() == expected);
  }
}

TEST_CASE("ranges of neurons move: groups are split, losses agree") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 40);
  live_job still{{.nodes = 2}, job};
  still.run_to_end();
  auto& hidden = net.layers[2];
  for (uint64_t seed = 0; seed < 8; ++seed) {
    live_job x{
        {.seed = seed, .nodes = 2, .make_device = host_devices[seed % 2]}, job};
    x.run_to(9);
    auto said = x.tell(fmt::format("move neurons {}-{} to 1", hidden.first,
                                   hidden.first + hidden.units / 2));
    CHECK(!said["moves"].empty());
    for (auto& move : said["moves"])
      CHECK(move["to"] == 1);
    CHECK(x.tell(fmt::format("neuron {}", hidden.first))["node"] == 1);
    x.run_to_end();
    auto losses = x.out->losses();
    auto expected = still.out->losses();
    REQUIRE(losses.size() == expected.size());
    for (size_t i = 0; i < losses.size(); ++i)
      CHECK(std::abs(losses[i] - expected[i]) < 1e-4);
    CHECK(mentions(x.refusal("status"), "ended"));
  }
}

TEST_CASE("a straggler loses work to the others") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 60);
  simulation how{.seed = 0, .nodes = 2};
  live_job x{how, job};
  x.run_to(3);
  auto said = x.ask("rebalance");
  // While it is measured, node 2 takes three times as long for the same.
  x.run_to(5);
  auto spend = [&](size_t node, uint64_t ns) {
    auto& here = state_of<node_state>(x.cluster.nodes[node]);
    for (auto& [id, actor] : here.job->groups)
      if (job.graph.groups[id].kind == group_kind::neurons) {
        auto& group = state_of<neuron_group_state>(actor);
        group.program->spend(group.member(id), ns);
      }
  };
  spend(1, 3'000'000'000);
  spend(0, 1'000'000'000);
  REQUIRE(x.cluster.world.settle_until([&] { return said.is_there(); }));
  auto told = json::parse(said.value());
  INFO(told.dump());
  CHECK(told["gain"].get<double>() > 1.3);
  REQUIRE(!told["moves"].empty());
  for (auto& move : told["moves"])
    CHECK(move["from"] == 2);
  auto nodes = x.tell("nodes")["nodes"];
  CHECK(nodes[0]["parameters"] > nodes[1]["parameters"].get<uint64_t>());
  auto expected = [&](size_t i) {
    return told["nodes"][i]["busy_ms_expected"].get<double>();
  };
  CHECK(expected(0) / expected(1) == doctest::Approx(1).epsilon(0.15));
  x.run_to_end();
}

TEST_CASE("a run that fails while groups move ends there") {
  live_job x{{.nodes = 3}, language_job(40)};
  x.run_to(3);
  auto said = x.ask("leave 2");
  auto& run = state_of<trainer_state>(x.cluster.trainer);
  auto settle_until = [&](auto what) {
    REQUIRE(x.cluster.world.settle_until(what));
  };
  settle_until([&] { return run.writer.is_under_way(); });
  SUBCASE("while a generation is committed") {
    settle_until([&] { return !run.writer.missing(); });
    REQUIRE(run.writer.is_under_way());
  }
  SUBCASE("while an epoch is claimed") {
    settle_until([&] { return run.way_back.is_trying(); });
  }
  auto epoch = run.network->job->epoch;
  // The answer of the store comes after this.
  caf::anon_send(driver_actor{x.cluster.trainer}, failed_atom::value, epoch,
                 fail(ec::device_failure, "broken"));
  x.cluster.world.settle();
  CHECK(code_of(x.out->failure) == ec::device_failure);
  CHECK(code_of(said.error()) == ec::device_failure);
  for (auto& node : x.cluster.nodes)
    CHECK(state_of<node_state>(node).epoch == epoch);
}
