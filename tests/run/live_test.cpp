#include "run/live_job.hpp"

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

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
  CHECK(mentions(x.refusal("rebalance"), "resume it first"));
  CHECK(x.out->count(kind::step) == steps);
  x.tell("resume");
  x.run_to_end();
  CHECK(x.model() == expected);
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

TEST_CASE("commands that cannot be carried out say why and change nothing") {
  auto job = language_job(30);
  auto expected = undisturbed(job, 2);
  live_job x{{.nodes = 2}, job};
  x.run_to(2);
  CHECK(mentions(x.refusal("move group 2 to 7"), "no node 7"));
  CHECK(mentions(x.refusal("move group 99 to 1"), "no group 99"));
  CHECK(mentions(x.refusal("move group 0 to 1"), "driver"));
  CHECK(mentions(x.refusal("move neurons 5-99999 to 1"), "no neurons 5-99999"));
  CHECK(mentions(x.refusal("neuron 99999"), "no neuron 99999"));
  CHECK(mentions(x.refusal("leave 3"), "no node 3"));
  CHECK(mentions(x.refusal("kill-node 3"), "no node 3"));
  CHECK(mentions(x.refusal("fly"), "no command 'fly'"));
  CHECK(mentions(x.refusal("statsu"), "did you mean 'status'"));
  x.run_to_end();
  CHECK(x.model() == expected);
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
