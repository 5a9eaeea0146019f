#include "support/process.hpp"
#include "support/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <doctest/doctest.h>

#include <csignal>

using namespace nnactor::test;
using nlohmann::json;

namespace {

constexpr auto uneven = "[distribute]\nseed = 3\n"
                        "[[distribute.partition]]\npercentage = 37\n"
                        "pick = \"random\"\n"
                        "[[distribute.partition]]\npercentage = 63\n"
                        "pick = \"end\"\n";

/// Either of two nodes has half of every layer.
constexpr auto tied_transformer = R"([data]
path = "{}"
format = "text"
context = 8

[[network.layers]]
kind = "transformer"
blocks = 1
hidden = 8
heads = 2
mlp = 6
post_norm = true
tied = true
[[network.layers]]
name = "next"
kind = "vocabulary"
units = "classes"

[train]
steps = 2
batch = 8

[store]
path = "{}"

[distribute]
per_layer = true
[[distribute.partition]]
percentage = 50
[[distribute.partition]]
percentage = 50
)";

void train(const scratch& folder, std::vector<std::string> overrides) {
  auto line = std::vector<std::string>{"run", folder / "small.toml"};
  for (auto& x : overrides) {
    line.push_back("--set");
    line.push_back(x);
  }
  auto end = run_nnactor(line);
  INFO(end.out << end.err);
  REQUIRE(end.status == 0);
}

// A node that was started by hand, as on a machine of its own.
struct manual_node {
  process program;
  std::string address;

  manual_node(const scratch& folder, const std::string& name,
              std::vector<std::string> more = {})
      : program(command(join({"node", "--listen", "127.0.0.1:0", "--store",
                              folder / "models", "--state", folder / name},
                             std::move(more)))) {
    auto line = program.line_with("listening on ");
    auto begin = line.find("127.0.0.1:");
    address = line.substr(begin, line.find(',') - begin);
  }

  static std::vector<std::string> join(std::vector<std::string> x,
                                       std::vector<std::string> y) {
    x.insert(x.end(), y.begin(), y.end());
    return x;
  }
};

} // namespace

TEST_CASE("a run trains, saves one model and leaves no process behind") {
  scratch folder;
  process run{command({"run", small_config(folder), "--json"})};
  run.line_with("\"placed\"");
  auto nodes = children_of(run.id());
  CHECK(nodes.size() == 3);
  auto end = run.finish();
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(end.out.find("\"finished\"") != std::string::npos);
  for (auto node : nodes)
    CHECK(await_end(node));
  CHECK(run_nnactor({"model", "verify", folder / "models/song"}).status == 0);
  CHECK(run_nnactor({"run", folder / "small.toml", "--check"}).status == 0);
}

TEST_CASE("a trace has what every core of every node does") {
  scratch folder;
  auto bench =
      run_nnactor({"bench", "step", "--config", small_config(folder), "--steps",
                   "40", "--trace", folder / "trace.json", "--json"});
  INFO(bench.err);
  REQUIRE(bench.status == 0);
  auto shares = json::parse(bench.out);
  for (auto* run : {"one_node", "three_nodes"}) {
    auto share = [&](const char* what) {
      return shares[fmt::format("{}_{}", run, what)].get<double>();
    };
    CHECK(share("computing") > 0);
    CHECK(share("computing") + share("waiting") + share("runtime")
          == doctest::Approx(1));
  }
  std::set<std::string> names;
  auto trace = json::parse(read_file(folder / "trace.json"));
  for (auto& event : trace["traceEvents"]) {
    auto& named = event["ph"] == "M" ? event["args"] : event;
    names.insert(named["name"].get<std::string>());
  }
  for (auto* name :
       {"driver", "one_node: node 1", "three_nodes: node 3", "core",
        "gather examples", "forward group 2", "backward group 2",
        "accumulate group 2", "update group 2", "wait"})
    CHECK_MESSAGE(names.contains(name), name);
  CHECK_FALSE(names.contains("three_nodes: node 4"));
}

TEST_CASE("steps are timed of a split that is written down") {
  scratch folder;
  auto end =
      run_nnactor({"bench", "step", "--config",
                   small_config(folder, "[distribute]\nby = \"auto\"\n")});
  INFO(end.err);
  CHECK(end.status == 2);
  CHECK(has(end.err, "parts are written down"));
  CHECK(end.err.find('\n') == end.err.size() - 1);
}

TEST_CASE("nodes end with the run that started them, also when it is killed") {
  scratch folder;
  process run{command(
      {"run", small_config(folder), "--json", "--set", "train.steps=1000000"})};
  run.line_with("\"step\"");
  auto nodes = children_of(run.id());
  REQUIRE(nodes.size() == 3);
  run.send(SIGKILL);
  CHECK(run.finish().status == 128 + SIGKILL);
  for (auto node : nodes)
    CHECK(await_end(node));
}

TEST_CASE("the model depends on the partition alone") {
  scratch folder;
  small_config(folder, uneven);
  std::vector<std::string> contents;
  for (auto* nodes : {"1", "2", "3"})
    for (auto* window : {"1", "4"}) {
      auto model = folder / ("models/" + std::string{nodes} + window);
      train(folder, {"cluster.nodes=" + std::string{nodes},
                     "train.window=" + std::string{window}, "train.steps=80",
                     "train.evaluate_every=40", "train.clip=0.5",
                     "store.path=" + model});
      contents.push_back(content_of(model));
    }
  for (auto& content : contents)
    CHECK(content == contents.front());
}

TEST_CASE("another partition is another sum, not another network") {
  scratch folder;
  small_config(folder);
  train(folder, {"distribute.parts=2", "store.path=" + folder / "models/two"});
  train(folder,
        {"distribute.parts=3", "store.path=" + folder / "models/three"});
  CHECK(content_of(folder / "models/two")
        != content_of(folder / "models/three"));
}

TEST_CASE("a saved model gives the same outputs on any number of nodes") {
  scratch folder;
  small_config(folder, uneven);
  train(folder, {});
  auto model = folder / "models/song";
  auto one =
      run_nnactor({"infer", model, "--limit", "0", "--output", folder / "one"});
  INFO(one.out << one.err);
  CHECK(one.status == 0);
  auto four = run_nnactor({"infer", model, "--limit", "0", "--output",
                           folder / "four", "--local", "4"});
  CHECK(four.status == 0);
  CHECK(one.out == four.out);
  CHECK(read_file(folder / "one").size() > 1000);
  CHECK(read_file(folder / "one") == read_file(folder / "four"));
  auto text = run_nnactor({"generate", model, "--prompt", "9 bott"});
  CHECK(text.status == 0);
  CHECK(text.out.size() >= 200);
  CHECK(
      text.out
      == run_nnactor({"generate", model, "--prompt", "9 bott", "--local", "3"})
             .out);
}

TEST_CASE("nodes started by hand serve one job after the other") {
  scratch folder;
  small_config(folder, uneven);
  manual_node first{folder, "first"};
  manual_node second{folder, "second"};
  auto nodes = first.address + "," + second.address;
  auto end = run_nnactor({"run", folder / "small.toml", "--nodes", nodes});
  INFO(end.out << end.err);
  REQUIRE(end.status == 0);
  auto content = content_of(folder / "models/song");
  CHECK(run_nnactor(
            {"run", folder / "small.toml", "--nodes", nodes, "--overwrite"})
            .status
        == 0);
  CHECK(content_of(folder / "models/song") == content);
  CHECK(run_nnactor({"infer", folder / "models/song", "--nodes", nodes}).status
        == 0);
  auto table =
      run_nnactor({"node", "table", folder / "first/connections.table"});
  CHECK(table.status == 0);
  CHECK(table.out.find(second.address) != std::string::npos);
  auto neuron =
      run_nnactor({"node", "table", folder / "first/connections.table",
                   "--neuron", "0", "--limit", "3"});
  auto other =
      run_nnactor({"node", "table", folder / "second/connections.table",
                   "--neuron", "0", "--limit", "3"});
  // One of the two nodes has neuron 0.
  CHECK(neuron.status + other.status == 2);
}

TEST_CASE(
    "people see what a tied transformer consists of and is connected to") {
  scratch folder;
  small_config(folder);
  write_file(folder / "tied.toml",
             fmt::format(tied_transformer, folder / "song.txt",
                         folder / "models/tied"));
  manual_node first{folder, "first"};
  manual_node second{folder, "second"};
  auto end = run_nnactor({"run", folder / "tied.toml", "--nodes",
                          first.address + "," + second.address});
  INFO(end.out << end.err);
  REQUIRE(end.status == 0);
  auto model = folder / "models/tied";
  CHECK(
      has(run_nnactor({"model", "info", model}).out, "table, tied to 'next'"));
  auto info = json::parse(run_nnactor({"model", "info", model, "--json"}).out);
  auto dump = run_nnactor({"model", "dump", model, "--layer", "tokens"});
  CHECK(dump.status == 2);
  CHECK(has(dump.err, "is tied to 'next' and has no neurons of its own"));
  for (auto& x : info["layers"]) {
    CHECK(x["tied_to"] == (x["name"] == "tokens" ? json("next") : json()));
    if (x["units"] == 0)
      continue;
    CAPTURE(x["name"].get<std::string>());
    auto id = std::to_string(x["first"].get<uint64_t>());
    auto table = folder / "first/connections.table";
    auto text = run_nnactor({"node", "table", table, "--neuron", id});
    CAPTURE(text.err);
    CHECK(text.status == 0);
    // A vocabulary weighs what it reads, no other layer has a weight a column.
    auto lines = run_nnactor(
        {"node", "table", table, "--neuron", id, "--limit", "0", "--json"});
    CHECK(lines.status == 0);
    auto weighs = x["name"] == "next";
    CHECK(has(text.out, weighs ? "." : "  -\n"));
    CHECK(has(lines.out, "\"weight\":null") == !weighs);
  }
}

TEST_CASE("a node that looks at another store is found out") {
  scratch folder;
  scratch elsewhere;
  small_config(folder);
  manual_node stranger{elsewhere, "stranger"};
  auto end =
      run_nnactor({"run", folder / "small.toml", "--nodes", stranger.address});
  CHECK(end.status == 2);
  CHECK(end.err.find(stranger.address) != std::string::npos);
  CHECK(end.err.find("--store") != std::string::npos);
}

TEST_CASE("nodes on CPUs and GPUs train one model") {
  scratch folder;
  small_config(folder, uneven);
  manual_node cpu{folder, "cpu"};
  manual_node gpu{folder, "gpu", {"--devices", "gpu:emulated"}};
  auto nodes = cpu.address + "," + gpu.address;
  auto end = run_nnactor({"run", folder / "small.toml", "--nodes", nodes});
  INFO(end.out << end.err);
  REQUIRE(end.status == 0);
  CHECK(end.out.find("emulated GPU") != std::string::npos);
  auto model = folder / "models/song";
  CHECK(run_nnactor({"model", "verify", model}).status == 0);
  CHECK(run_nnactor({"infer", model, "--nodes", nodes}).status == 0);
  // What was trained on both is a model for CPUs alone.
  CHECK(run_nnactor({"infer", model}).status == 0);
  // The same again is the same to the bit.
  auto content = content_of(model);
  CHECK(run_nnactor(
            {"run", folder / "small.toml", "--nodes", nodes, "--overwrite"})
            .status
        == 0);
  CHECK(content_of(model) == content);
}

TEST_CASE("a run starts nodes on GPUs") {
  scratch folder;
  small_config(folder, uneven);
  train(folder, {"train.steps=20", "cluster.nodes=2", "cluster.devices=2",
                 "cluster.device=\"gpu:emulated\""});
  CHECK(run_nnactor({"model", "verify", folder / "models/song"}).status == 0);
}

TEST_CASE("a device that is not there is named") {
  scratch folder;
  for (auto* devices : {"gpu:1000", "gpu:0,typewriter", "0", ""}) {
    auto end = run_nnactor({"node", "--listen", "127.0.0.1:0", "--store",
                            folder / "models", "--devices", devices});
    INFO(end.err);
    CHECK(end.status == 2);
    CHECK(end.err.starts_with("nnactor: --devices: "));
    CHECK(end.err.find('\n') == end.err.size() - 1);
  }
}

TEST_CASE("a damaged slice is named") {
  scratch folder;
  small_config(folder);
  train(folder, {});
  auto dump = run_nnactor({"model", "dump", folder / "models/song", "--json"});
  auto slice = json::parse(dump.out).at("slices").at(0);
  auto path = folder / "models/song/" + slice.at("file").get<std::string>();
  auto bytes = read_file(path);
  bytes[slice.at("offset").get<size_t>()] ^= 1;
  write_file(path, bytes);
  auto end = run_nnactor({"model", "verify", folder / "models/song"});
  CHECK(end.status == 1);
  CHECK((end.out + end.err).find(slice.at("file")) != std::string::npos);
  CHECK((end.out + end.err).find(slice.at("layer")) != std::string::npos);
}

TEST_CASE("a node that cannot start says why in the run's only line") {
  scratch folder;
  auto end = run_nnactor({"run", small_config(folder), "--set",
                          "cluster={device='gpu', devices=1000}"});
  CHECK(end.status == 2);
  INFO(end.err);
  CHECK(end.err.starts_with("nnactor: cannot start a node: --devices: "));
  CHECK(end.err.find('\n') == end.err.size() - 1);
}

TEST_CASE("answers of a network with a memory are told by time step") {
  scratch folder;
  auto config = folder / "noise.toml";
  write_file(config, "[data]\nformat = 'noise'\ninputs = 2\nclasses = 3\n"
                     "time_steps = 4\nexamples = 20\n"
                     "[train]\nsteps = 2\nbatch = 2\n"
                     "[cluster]\nnodes = 1\n[store]\npath = '"
                         + folder / "models/noise" + "'\n");
  auto end = run_nnactor({"run", config});
  INFO(end.err);
  REQUIRE(end.status == 0);
  auto asked = run_nnactor({"infer", folder / "models/noise", "--json"});
  CHECK(asked.status == 0);
  std::vector<nlohmann::json> lines;
  std::istringstream text{asked.out};
  for (std::string line; std::getline(text, line);)
    lines.push_back(nlohmann::json::parse(line));
  // Two examples to validate with.
  REQUIRE(lines.size() == 2 * 4 + 1);
  for (size_t i = 0; i < 8; ++i) {
    CHECK(lines[i]["example"] == i / 4);
    CHECK(lines[i]["time_step"] == i % 4 + 1);
  }
  CHECK(lines.back()["examples"] == 2);
  CHECK(lines.back()["answers"] == 8);
  auto people = run_nnactor({"infer", folder / "models/noise"});
  CHECK(people.out.find("2 examples of 4 time steps: ") != std::string::npos);
  // A heading, a line an example and the sum.
  CHECK(std::ranges::count(people.out, '\n') == 4);
}
