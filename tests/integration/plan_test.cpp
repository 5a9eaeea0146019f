#include "support/documented_keys.hpp"
#include "support/process.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace nnactor::test;
using nlohmann::json;

namespace {} // namespace

TEST_CASE("a plan tells what nodes need before anything starts") {
  scratch folder;
  auto config = small_config(folder);
  auto text = run_nnactor({"plan", config});
  INFO(text.err);
  CHECK(text.status == 0);
  CHECK(has(text.out, "What crosses links"));
  auto end = run_nnactor({"plan", config, "--json"});
  auto plan = json::parse(end.out);
  REQUIRE(plan["nodes"].size() == 3);
  uint64_t neurons = 0;
  for (auto& node : plan["nodes"]) {
    neurons += node["neurons"].get<uint64_t>();
    CHECK(node["bytes"] > 0);
    CHECK(node["mflop_per_s"] > 0);
  }
  CHECK(neurons == 7 + 31 + 27);
  // Nothing was made.
  CHECK(run_nnactor({"model", "info", folder / "models/song"}).status == 2);
}

TEST_CASE("what does not fit a node's memory is refused by plan and run") {
  scratch folder;
  auto config = small_config(folder);
  for (auto* command : {"plan", "run"}) {
    auto end = run_nnactor({command, config, "--set", "cluster.memory='1 MB'"});
    INFO(end.out << end.err);
    CHECK(end.status == 2);
    CHECK(has(end.err, "node 1 (127.0.0.1:"));
    CHECK(has(end.err, "cluster.memory is 1.0 MB; raise cluster.memory"));
    CHECK(end.err.find('\n') == end.err.size() - 1);
  }
}

TEST_CASE("a split that costs more than it brings is told once") {
  scratch folder;
  auto config = small_config(folder);
  auto hints = [&](const std::string& more) {
    auto end = run_nnactor({"run", config, "--json", "--set", more, "--set",
                            "store.path=" + folder / ("models/" + more)});
    INFO(end.err);
    CHECK(end.status == 0);
    size_t out = 0;
    for (auto at = end.out.find("\"hint\""); at != std::string::npos;
         at = end.out.find("\"hint\"", at + 1))
      ++out;
    return out;
  };
  CHECK(hints("cluster.nodes=3") == 1);
  CHECK(hints("cluster.nodes=1") == 0);
  auto plan = run_nnactor({"plan", config});
  CHECK(has(plan.out, "configured"));
  CHECK(has(plan.out, "One core is fastest: the split of the config would "));
}

TEST_CASE("nodes measure their capacity and share the network by it") {
  scratch folder;
  auto config = small_config(folder, "[distribute]\nby = \"capacity\"\n");
  auto end = run_nnactor({"run", config, "--json"});
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(run_nnactor({"model", "verify", folder / "models/song"}).status == 0);
  CHECK(run_nnactor({"run", config, "--check"}).status == 0);
}

TEST_CASE("a plan for the nodes is trained as it was planned") {
  scratch folder;
  auto config = small_config(folder);
  for (auto* by : {"auto", "layerwise", "megatron"}) {
    CAPTURE(by);
    auto model = folder / "models/" + by;
    auto end = run_nnactor({"run", config, "--json", "--set",
                            "distribute={by='" + std::string{by} + "'}",
                            "--set", "store.path=" + model});
    INFO(end.err);
    CHECK(end.status == 0);
    CHECK(run_nnactor({"model", "verify", model}).status == 0);
  }
}

TEST_CASE("a plan cuts a network so that each half fits the cache of a core") {
  scratch folder;
  auto text = read_file(in_configs("devices/two-cores.toml"));
  auto two = folder / "two.toml";
  auto one = folder / "one.toml";
  write_file(two, text);
  write_file(one, text.replace(text.find("devices = 2"), 11, "devices = 1"));
  auto plan = [&](const std::string& devices) {
    auto end = run_nnactor({"plan", in_configs("residency.toml"), "--devices",
                            devices, "--infer", "1", "--json"});
    INFO(end.err);
    REQUIRE(end.status == 0);
    return json::parse(end.out)["auto"];
  };
  auto halves = plan(two);
  REQUIRE(halves["stages"].size() == 2);
  for (auto& stage : halves["stages"])
    CHECK(stage["cached_devices"] == 1);
  CHECK(halves["stages"][0]["last_layer"] == "third");
  auto alone = plan(one);
  CHECK(alone["stages"][0]["cached_devices"] == 0);
  // Twice the cores, and weights from a faster cache.
  CHECK(alone["seconds"].get<double>() > 4 * halves["seconds"].get<double>());
}

TEST_CASE("plans are made for devices that nobody has") {
  scratch folder;
  auto config = small_config(folder);
  auto devices = folder / "devices.toml";
  write_file(devices, "[inside]\nlatency_us = 1\nbandwidth_gb_s = 10\n"
                      "[between]\nlatency_us = 50\nbandwidth_gb_s = 1\n"
                      "[[servers]]\ncount = 2\ndevices = 4\n"
                      "peak_tflops = 0.1\nmemory_tb_s = 0.01\n"
                      "cache = '64 KiB'\n");
  for (auto more : {"--infer=8", "--measure", "--set=train.batch=64"}) {
    auto end =
        run_nnactor({"plan", config, "--devices", devices, "--json", more});
    INFO(end.err);
    CHECK(end.status == 0);
    auto plans = json::parse(end.out);
    CHECK(plans["links"]["between"]["seconds"] == doctest::Approx(50e-6));
    CHECK(plans["links"]["between"]["bytes_per_s"] == doctest::Approx(1e9));
    CHECK(plans["auto"]["seconds"] <= plans["megatron"]["seconds"]);
    CHECK(plans["auto"]["seconds"] <= plans["layerwise"]["seconds"]);
  }
  auto text = run_nnactor({"plan", config, "--devices", devices});
  CHECK(has(text.out, "on 8 devices of "));
  write_file(devices, "[inside]\nlatency_us = 1\nbandwidth_gb_s = 1\nbeta = 2");
  auto wrong = run_nnactor({"plan", config, "--devices", devices});
  CHECK(wrong.status == 2);
  CHECK(has(wrong.err, "devices.toml:4:1: unknown key"));
  write_file(devices, "[inside]\nlatency_us = 1\nbandwidth_gb_s = 10\n"
                      "[between]\nlatency_us = 50\nbandwidth_gb_s = 1\n"
                      "[[servers]]\npeak_tflops = 0.1\nmemory_tb_s = 0.01\n"
                      "cache = 1000\nmemory = 1000\n");
  auto small = run_nnactor({"plan", config, "--devices", devices});
  CHECK(small.status == 2);
  CHECK(has(small.err, "does not fit the memory of the devices in "));
}
