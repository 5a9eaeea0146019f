#include "nnactor/run/memory_check.hpp"
#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// Nodes of machines that have no memory but what is free and what they take.
cluster_view nodes_on(const std::vector<std::string>& hosts, uint64_t free,
                      uint64_t each = 30 << 20) {
  cluster_view out;
  for (auto& host : hosts) {
    auto& x = out.members.emplace_back();
    x.address = fmt::format("{}:{}", host, 4700 + out.members.size());
    x.info.host = host;
    x.info.free_memory = free;
    x.info.used_memory = x.info.idle_memory = each;
    x.info.cache = 1 << 20;
  }
  return out;
}

std::string refusal(const prepared_job& job, const cluster_view& nodes) {
  auto where =
      nnactor::place(job.graph, static_cast<uint32_t>(nodes.members.size()), 1);
  auto err = check_memory(job, where, nodes);
  return err ? explain(err) : std::string{};
}

bool has(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

/// Layers of so many neurons each, on some nodes.
prepared_job wide_job(uint64_t units, uint32_t parts) {
  network_description what;
  what.layers = {{"one", layer_kind::dense, activation::relu, units, {}, {}},
                 {"two", layer_kind::dense, activation::none, 0, {}, {}}};
  auto net = build_network(what, {8, 0, 4});
  REQUIRE(net);
  return small_job(*net, dealt(*net, parts, 1));
}

} // namespace

TEST_CASE("nodes of a machine share its memory, but not that of their GPUs") {
  auto nodes = nodes_on({"one", "one", "one", "two"}, 6000, 2000);
  nodes.members[2].info.device_memory = 5000;
  CHECK(memory_limits({}, nodes)
        == std::vector<uint64_t>{4000, 4000, 5000, 8000});
  cluster_settings how;
  how.memory = 4500;
  CHECK(memory_limits(how, nodes)
        == std::vector<uint64_t>{4000, 4000, 4500, 4500});
}

TEST_CASE("forty small nodes fit a machine of 2 GB") {
  auto job = wide_job(80, 40);
  CHECK(refusal(job, nodes_on(std::vector<std::string>(40, "a"), 1 << 30))
        == "");
}

TEST_CASE("the nodes of a machine are counted together, each once") {
  auto job = wide_job(80, 4);
  auto each = uint64_t{30} << 20;
  auto nodes = nodes_on({"a", "a", "b", "b"}, 1 << 30, each);
  auto needs = footprints(job, nnactor::place(job.graph, 4, 1), nodes);
  auto on_a = needs[0].total() + needs[1].total() - 2 * each;
  for (auto& x : nodes.members)
    x.info.free_memory = x.info.host == "a" ? on_a : 1 << 30;
  CHECK(refusal(job, nodes) == "");
  nodes.members[1].info.free_memory = on_a - 1;
  auto text = refusal(job, nodes);
  CHECK(has(text, "the 2 nodes on a would need "));
  CHECK(has(text, "start fewer nodes on that machine"));
  // As it says.
  nodes.members.erase(nodes.members.begin());
  CHECK(refusal(job, nodes) == "");
}

TEST_CASE("what a job is refused for becomes less by what it is told to do") {
  auto job = wide_job(100'000, 1);
  auto nodes = nodes_on({"a"}, 0);
  auto needed = [&] {
    return footprints(job, nnactor::place(job.graph, 1, 1), nodes)
        .front()
        .total();
  };
  auto refused_for = [&](const char* key, auto change) {
    auto before = needed();
    nodes.members[0].info.memory = before - 1;
    auto text = refusal(job, nodes);
    CAPTURE(text);
    CHECK(has(text, "the node on a would need "));
    CHECK(has(text, key));
    change();
    CHECK(needed() < before - before / 20);
  };
  auto& train = job.how.run.train;
  train.batch = 4096;
  train.micro_batches = 16;
  train.window = 16;
  refused_for("lower train.window", [&] { train.window = 1; });
  train.micro_batches = 1;
  refused_for("raise train.micro_batches", [&] { train.micro_batches = 64; });
  train.batch = 64;
  train.micro_batches = 8;
  train.window = 1;
  job.data = std::make_shared<made_up_data>(job.net, 64, 1000);
  refused_for("lower data.validation", [&] {
    job.data = std::make_shared<made_up_data>(job.net, 64, 100);
  });
  job.data = std::make_shared<made_up_data>(job.net, 64, 1000);
  refused_for("set train.evaluate_examples",
              [&] { job.how.run.evaluate_examples = 100; });
}

TEST_CASE("a limit of the config is named, and what a node would need") {
  auto job = wide_job(1'000'000, 1);
  job.how.cluster.memory = 100'000'000;
  auto text = refusal(job, nodes_on({"a"}, uint64_t{1} << 40));
  CHECK(has(text, "node 1 (a:4701) would need "));
  CHECK(has(text, "cluster.memory is 100.0 MB; raise cluster.memory, or "));
}

TEST_CASE("a model that is only asked needs no memory for training") {
  network_description what;
  for (auto* name : {"one", "two", "three"})
    what.layers.push_back(
        {name, layer_kind::dense, activation::relu, 3000, {}, {}});
  what.layers.push_back(
      {"out", layer_kind::dense, activation::none, 0, {}, {}});
  auto net = build_network(what, {8, 0, 4});
  REQUIRE(net);
  auto job = small_job(*net, dealt(*net, 1, 1));
  manifest saved;
  saved.net = job.net;
  saved.parts = job.parts;
  saved.train = job.how.run.train;
  auto asked = make_inference(saved, "models/wide", 1, {});
  auto nodes = nodes_on({"a"}, 0);
  auto trained =
      footprints(job, nnactor::place(job.graph, 1, 1), nodes).front();
  auto needs_half = trained.process + trained.model() / 2;
  nodes.members[0].info.memory = needs_half;
  CHECK(has(refusal(job, nodes), "the node on a would need "));
  CHECK_FALSE(check_memory(asked, {}, nodes));
  // But not less than its parameters.
  nodes.members[0].info.memory = trained.process + trained.weights;
  auto refused = explain(check_memory(asked, {}, nodes));
  CAPTURE(refused);
  CHECK(has(refused, "the node on a would need "));
  CHECK(has(refused, "more machines with --nodes"));
  // As it says.
  auto more = nodes_on({"a", "b", "c"}, 0);
  for (auto& x : more.members)
    x.info.memory = nodes.members[0].info.memory;
  REQUIRE_FALSE(repartition(saved, 3));
  asked = make_inference(saved, "models/wide", 1, {});
  CHECK_FALSE(check_memory(asked, {}, more));
}
