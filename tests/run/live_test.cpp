#include "nnactor/group/neuron_group.hpp"
#include "run/jobs.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;
using nlohmann::json;

namespace {

/// A job under way and a shell that talks to it.
struct live_job {
  live_job(const simulation& how, const prepared_job& what)
      : cluster(how), out(cluster.start_training(what)) {
    cluster.world.step();
  }

  answer<std::string> ask(const std::string& line) {
    return cluster.world.ask<std::string>(cluster.trainer, command_atom::value,
                                          line);
  }

  /// Asks and lets the job go on until there is an answer.
  json tell(const std::string& line) {
    auto said = ask(line);
    REQUIRE(cluster.world.settle_until([&] { return said.is_there(); }));
    REQUIRE_MESSAGE(!said.error(), explain(said.error()));
    return json::parse(said.value());
  }

  std::string refusal(const std::string& line) {
    auto said = ask(line);
    REQUIRE(cluster.world.settle_until([&] { return said.is_there(); }));
    REQUIRE(said.error());
    return explain(said.error());
  }

  void run_to(uint64_t step) {
    REQUIRE(cluster.world.settle_until(
        [&] { return out->count(kind::step) >= step || out->ended; }));
  }

  void run_to_end() {
    cluster.world.settle_until([&] { return out->ended; });
    REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    cluster.world.settle();
  }

  digest content() {
    auto store = cluster.store();
    return *store.content_of(*store.open(choice::newest));
  }

  simulated_cluster cluster;
  simulated_cluster::outcome_ptr out;
};

digest undisturbed(const prepared_job& job, uint32_t nodes) {
  live_job x{{.nodes = nodes}, job};
  x.run_to_end();
  return x.content();
}

prepared_job language_job(uint64_t steps, uint32_t window = 1) {
  auto net = language_model();
  return small_job(net, dealt(net, 3, 1), steps, window);
}

} // namespace

TEST_CASE("groups move while it trains and the model stays the same bytes") {
  for (uint32_t window : {1, 4}) {
    auto job = language_job(40, window);
    auto expected = undisturbed(job, 3);
    auto loss = job.graph.loss_group();
    for (uint64_t seed = 0; seed < 12; ++seed) {
      CAPTURE(seed);
      live_job x{{.seed = seed, .nodes = 3}, job};
      std::mt19937_64 random{seed};
      for (uint64_t step : {3, 10, 17, 31}) {
        x.run_to(step + random() % 3);
        auto group = 2 + random() % (loss - 1);
        auto node = x.cluster.deployed->job->where.nodes;
        auto to = 1 + random() % node;
        auto said = x.ask(fmt::format("move group {} to {}", group, to));
        REQUIRE(x.cluster.world.settle_until([&] { return said.is_there(); }));
        // It may be there already.
        if (said.error())
          CHECK(explain(said.error()).find("already") != std::string::npos);
        else
          CHECK(json::parse(said.value())["moves"][0]["group"] == group);
      }
      x.run_to_end();
      CHECK(x.content() == expected);
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
    CHECK(x.content() == expected);
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
  CHECK(x.content() == undisturbed(job, 3));
}

TEST_CASE("the last node cannot leave") {
  live_job x{{.nodes = 1}, language_job(20)};
  x.run_to(2);
  CHECK(x.refusal("leave 1").find("join another") != std::string::npos);
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
    CHECK(x.refusal("join node:4").find("already") != std::string::npos);
    CHECK(x.refusal("join node:9").find("node:9") != std::string::npos);
    x.run_to_end();
    CHECK(x.content() == expected);
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
    CHECK(x.refusal("status").find("ended") != std::string::npos);
  }
}

TEST_CASE("a paused run stands still until it is resumed") {
  auto job = language_job(30);
  auto expected = undisturbed(job, 2);
  live_job x{{.nodes = 2}, job};
  x.run_to(4);
  auto paused = x.tell("pause");
  CHECK(paused["state"] == "paused");
  x.cluster.world.settle();
  auto steps = x.out->count(kind::step);
  CHECK(steps == paused["step"]);
  // Hours are no timeout.
  x.cluster.world.advance(std::chrono::hours{1});
  CHECK(x.out->count(kind::step) == steps);
  CHECK(x.tell("status")["state"] == "paused");
  CHECK(x.tell("status")["steps_per_s"].is_null());
  x.tell("move group 2 to 2");
  CHECK(x.tell("save")["generation"] == 1);
  CHECK(x.refusal("rebalance").find("resume it first") != std::string::npos);
  CHECK(x.out->count(kind::step) == steps);
  x.tell("resume");
  x.run_to_end();
  CHECK(x.content() == expected);
}

TEST_CASE("a generation is saved when a shell asks for one") {
  auto job = language_job(40);
  live_job x{{.seed = 3, .nodes = 2}, job};
  x.run_to(4);
  auto said = x.tell("save");
  auto step = said["step"].get<uint64_t>();
  auto saved = x.cluster.store().open(said["generation"].get<uint64_t>());
  REQUIRE(saved);
  CHECK(saved->step == step);
  CHECK(step < 10);
  // Saved already.
  auto paused = x.tell("pause");
  auto first = x.tell("save");
  CHECK(x.tell("save")["generation"] == first["generation"]);
  CHECK(first["step"] == paused["step"]);
  x.tell("resume");
  x.run_to_end();
}

TEST_CASE("what is where is told, with the weights that are there") {
  auto job = language_job(20);
  live_job x{{.nodes = 3}, job};
  x.run_to(5);
  x.tell("pause");
  auto layers = x.tell("layers")["layers"];
  REQUIRE(layers.size() == job.net.layers.size());
  auto groups = x.tell("groups")["groups"];
  REQUIRE(groups.size() == job.graph.groups.size());
  auto generation = x.tell("save")["generation"].get<uint64_t>();
  auto store = x.cluster.store();
  auto saved = *store.open(generation);
  for (auto& l : job.net.layers) {
    if (l.kind != layer_kind::dense)
      continue;
    auto id = l.first + l.units / 2;
    auto told = x.tell(fmt::format("neuron {} all", id));
    auto& group = groups[told["group"].get<size_t>()];
    CHECK(group["layer"] == l.name);
    CHECK(group["node"] == told["node"]);
    CHECK(told["incoming_total"] == l.row_width);
    REQUIRE(told["incoming"].size() == l.row_width);
    auto row =
        *store.read(saved, job.net.layer_of(id), neuron_set::range(id, id + 1));
    auto weights = std::ranges::find(row.parameters, "weight", &parameter::name)
                       ->values.values<float>();
    for (auto& c : told["incoming"]) {
      auto other = groups[c["group"].get<size_t>()];
      CHECK(c["remote"] == (other["node"] != told["node"]));
      if (c["neuron"].is_null())
        continue;
      auto column =
          column_of(job.net, job.net.layer_of(id), c["neuron"].get<uint64_t>(),
                    c["position"].get<uint64_t>());
      REQUIRE(column);
      CHECK(c["weight"].get<float>() == weights[*column]);
    }
    uint64_t readers = 0;
    for (auto& r : job.net.layers)
      if (has_neurons(r.kind))
        for (auto input : r.inputs)
          readers += job.net.layers[input].first == l.first
                             && job.net.layers[input].units > 0
                         ? r.units
                         : 0;
    CHECK(told["outgoing_total"] == readers);
  }
  CHECK(x.tell("neuron 0")["incoming"].size() <= 16);
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

TEST_CASE("commands that cannot be carried out say why and change nothing") {
  auto job = language_job(30);
  auto expected = undisturbed(job, 2);
  live_job x{{.nodes = 2}, job};
  x.run_to(2);
  auto has = [](const std::string& text, const char* what) {
    return text.find(what) != std::string::npos;
  };
  CHECK(has(x.refusal("move group 2 to 7"), "no node 7"));
  CHECK(has(x.refusal("move group 99 to 1"), "no group 99"));
  CHECK(has(x.refusal("move group 0 to 1"), "driver"));
  CHECK(has(x.refusal("move neurons 5-99999 to 1"), "no neurons 5-99999"));
  CHECK(has(x.refusal("neuron 99999"), "no neuron 99999"));
  CHECK(has(x.refusal("leave 3"), "no node 3"));
  CHECK(has(x.refusal("kill-node 3"), "no node 3"));
  CHECK(has(x.refusal("fly"), "no command 'fly'"));
  CHECK(has(x.refusal("statsu"), "did you mean 'status'"));
  x.run_to_end();
  CHECK(x.content() == expected);
}

TEST_CASE("a run that stands still says which group waits for which") {
  auto job = language_job(60);
  live_job x{{.nodes = 2}, job};
  x.run_to(12);
  auto& node = state_of<node_state>(x.cluster.nodes[1]);
  auto stopped = node.job->groups.begin()->first;
  caf::anon_send_exit(node.job->groups.begin()->second, caf::exit_reason::kill);
  x.cluster.world.settle();
  x.cluster.world.advance(std::chrono::seconds{3});
  auto waits = x.tell("status")["waits"];
  REQUIRE(!waits.empty());
  CHECK(waits[0]["of_group"] == stopped);
  CHECK(waits[0]["of_address"] == "node:2");
  CHECK(waits[0]["seconds"].get<double>() >= 2.9);
  x.cluster.world.advance(std::chrono::seconds{40});
  REQUIRE(x.out->ended);
  auto text = explain(x.out->failure);
  CAPTURE(text);
  CHECK(text.find(fmt::format("of group {} (neurons ", stopped))
        != std::string::npos);
}
