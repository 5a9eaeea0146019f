#include "reports/transformer_report.hpp"
#include "reports/scale_report.hpp"

#include "nnactor/config/read_file.hpp"
#include "support/documented_keys.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <iterator>
#include <map>

using namespace nnactor;

namespace {

std::string in_papers(const std::string& name) {
  return test::in_configs("papers/" + name);
}

transformer_case published() {
  auto path = in_papers("layerwise-16xh100.toml");
  auto text = read_file(path, ec::invalid_config);
  REQUIRE(text);
  CHECK(is_transformer_case(*text));
  auto out = parse_transformer_case(*text, path);
  REQUIRE_MESSAGE(out, explain(out.error()));
  return *out;
}

std::map<std::string, figure> by_name(const std::vector<report_section>& all) {
  std::map<std::string, figure> out;
  for (const auto& section : all)
    for (const auto& x : section.all)
      CHECK(out.emplace(x.name, x).second);
  return out;
}

} // namespace

// Worked out by hand from the published dimensions.
TEST_CASE("the published case comes out as it was worked out by hand") {
  auto found = by_name(report_on(published()));
  const std::map<std::string, double> expected = {
      {"parameters_b_k2", 0.805},
      {"parameters_b_k3", 1.074},
      {"weights_gb_k2", 1.61},
      {"weights_gb_k3", 2.15},
      {"layers_claimed_k2", 149},
      {"layers_claimed_k3", 112},
      {"claimed_layer_gb", 15},
      {"activations_gb", 10.486},
      {"kv_bytes", 16384},
      {"kv_gb", 83.9},
      {"proposed_tokens_per_s", 15360},
      {"proposed_reciprocal_ms", 0.065},
      {"proposed_step_ms", 8.333},
      {"baseline_tokens_per_s", 12800},
      {"baseline_reciprocal_ms", 0.078},
      {"baseline_step_ms", 10.000},
      {"claimed_gain", 1.20},
      {"floor_weights_us", 30.0},
      {"floor_decode_ms", 1.595},
      {"claimed_floor_weights_ms", 1.12},
      {"decode_gain_ring_1us", 1.01},
      {"decode_gain_ring_2us", 1.04},
      {"decode_gain_ring_5us", 1.14},
      {"decode_gain_two_step", 0.97},
      {"decode_gain_one_batch", 0.50},
      {"prefill_gain", 1.20},
      {"free_weights_percent", 1.9},
      {"slice_mb_k2", 100.7},
      {"slice_mb_k3", 134.2},
      {"slice_over_cache_k2", 2.0},
      {"slice_over_cache_k3", 2.7},
      {"devices_to_reside_k2", 43},
      {"devices_to_reside_k3", 58},
      {"claimed_devices_to_reside", 1600},
      {"claimed_devices_to_reside_half", 2400},
  };
  for (const auto& [name, value] : expected) {
    CAPTURE(name);
    REQUIRE(found.contains(name));
    // To the last digit that is printed; whole numbers of devices to 0.1 %.
    auto last_digit = 0.51 * std::pow(10.0, -found[name].digits);
    CHECK(std::abs(found[name].value - value)
          <= std::max(last_digit, found[name].digits == 0 ? value * 1e-3 : 0));
  }
  // These are known to two or three digits.
  auto known = [&](const char* name, double value) {
    CHECK(found.at(name).value == doctest::Approx(value).epsilon(0.006));
  };
  known("floor_decode_tokens_per_s", 80e3);
  known("floor_prefill_tokens_per_s", 8.2e6);
  known("claimed_floor_tokens_per_s", 114e3);
  known("claimed_floor_prefill_tokens_per_s", 219e3);
  // All of the gain in prefill is the ring's.
  CHECK(found["prefill_ring_share"].value == doctest::Approx(1).epsilon(0.02));
}

TEST_CASE("configs/papers/README.md documents every key, and no other") {
  auto accepted = transformer_keys();
  std::ranges::copy(scale_keys(), std::back_inserter(accepted));
  CHECK(test::as_set(test::documented_keys("papers/README.md"))
        == test::as_set(accepted));
}

TEST_CASE("what is wrong with a case is named with its place") {
  auto text =
      read_file(in_papers("layerwise-16xh100.toml"), ec::invalid_config);
  REQUIRE(text);
  auto error_with = [&](const std::string& what, const std::string& instead) {
    auto changed = *text;
    auto at = changed.find(what);
    REQUIRE(at != std::string::npos);
    changed.replace(at, what.size(), instead);
    auto read = parse_transformer_case(changed, "case.toml");
    REQUIRE_FALSE(read);
    return explain(read.error());
  };
  auto scale = read_file(in_papers("scale.toml"), ec::invalid_config);
  REQUIRE(scale);
  for (const auto* wrong :
       {"scale.servers=5", "scale.servers=[5, 2]", "scale.no_such_key=1",
        "device.memory=\"much\"", "server.devices=0"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_scale_case(*scale, "scale.toml", {wrong}));
  }
  CHECK_FALSE(parse_transformer_case(*text, "case.toml",
                                     {"transformer.no_such_key=3"}));
  CHECK(error_with("count = 16", "count = 15").find("takes 16 devices of 15")
        != std::string::npos);
  CHECK(error_with("layers = 4", "layer = 4").find("case.toml:7")
        != std::string::npos);
  CHECK(error_with("[1, 2, 5]", "[1, \"2\"]").find("latencies_us")
        != std::string::npos);
  CHECK(error_with("mlp_matrices = 2", "mlp_matrices = 4").find("mlp_matrices")
        != std::string::npos);
}

TEST_CASE(
    "more servers decode no less, and nothing beats reading the weights") {
  auto path = in_papers("scale.toml");
  auto text = read_file(path, ec::invalid_config);
  REQUIRE(text);
  CHECK(is_scale_case(*text));
  auto what = parse_scale_case(*text, path);
  REQUIRE_MESSAGE(what, explain(what.error()));
  auto all = plan_scale(*what);
  CHECK(all.size() == 2 * 4 * 12);
  const scale_point* before = nullptr;
  for (const auto& x : all) {
    CAPTURE(x.network);
    CAPTURE(x.shape);
    CAPTURE(x.servers);
    auto same = before != nullptr && before->shape == x.shape
                && before->network == x.network;
    if (same && before->plan) {
      REQUIRE(x.plan);
      CHECK(x.plan->tokens_per_s() >= before->plan->tokens_per_s());
    }
    before = &x;
    if (!x.plan)
      continue;
    const auto& shape =
        std::ranges::find(what->shapes, x.shape, &scale_case::named_shape::name)
            ->shape;
    auto devices = x.servers * what->server.devices;
    CHECK(x.plan->how.devices() <= devices);
    CHECK(x.plan->sequences <= what->load.sequences);
    auto load = what->load;
    load.sequences = x.plan->sequences;
    CHECK(x.plan->step.total()
          >= decode_floor(shape, load, what->device, devices, true));
    CHECK(device_bytes(shape, load, x.plan->how) <= what->device.memory);
  }
}

TEST_CASE("a pipeline hides latency only behind enough micro-batches") {
  transformer_shape shape{.layers = 8, .hidden = 1024, .mlp = 4096};
  transformer_load load{.sequences = 64, .context = 128};
  device_model device{.peak = 1e12, .bandwidth = 1e10};
  server_model servers{1, {1e-6, 1e10}, {1e-2, 1e9}};
  auto time = [&](uint64_t micro_batches) {
    return decode_time(shape, load, device, servers, {1, 4, micro_batches});
  };
  // Four hops of 10 ms for the one micro-batch.
  auto alone = time(1);
  CHECK(alone.communication == doctest::Approx(0.04).epsilon(0.02));
  CHECK(time(16).communication < alone.communication);
  // The four stages are one server each, so no collectives; with one stage
  // over four servers there is nothing else.
  auto split = decode_time(shape, load, device, servers, {4, 1, 1});
  CHECK(split.communication
        == doctest::Approx(16 * (6 * 1e-2 + 1.5 * 64 * 1024 * 2 / 1e9)));
}
