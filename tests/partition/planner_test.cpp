#include "nnactor/neuron/random.hpp"
#include "nnactor/partition/planner.hpp"
#include "nnactor/partition/stage_model.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>

using namespace nnactor;

namespace {

struct planning {
  planned_job job;
  planned_cluster on;
};

/// Devices and layers of a few kinds, with caches that some layers fit.
planning random_planning(uint64_t seed, uint64_t layers, uint64_t devices) {
  counter_random random{seed, 0};
  uint64_t drawn = 0;
  auto any = [&](double low, double high) {
    return low + (high - low) * random.uniform(drawn++);
  };
  auto one_of = [&](std::initializer_list<double> all) {
    auto i = static_cast<size_t>(any(0, static_cast<double>(all.size())));
    return all.begin()[std::min(i, all.size() - 1)];
  };
  planning out;
  auto overhead = one_of({0, 5e-6});
  for (uint64_t i = 0; i < layers; ++i) {
    auto bytes = any(0.1e6, 4e6);
    out.job.layers.push_back({bytes * one_of({0.5, 8, 100}), 3 * bytes, bytes,
                              4 * bytes, any(0, 1e5), any(0, 1e5), overhead});
  }
  out.job.micro_batches = static_cast<uint32_t>(one_of({1, 2, 4, 16}));
  out.job.exchanges = static_cast<uint32_t>(one_of({1, 2}));
  auto kind = one_of({0, 1});
  for (auto* link : {&out.on.inside, &out.on.between}) {
    link->latency = any(0, 30e-6);
    link->bandwidth = any(0.1e9, 20e9);
    link->kind = kind == 0 ? collective::ring : collective::two_step;
  }
  auto short_of_memory = one_of({0, 0, 0, 1}) > 0;
  for (uint64_t i = 0; i < devices; ++i) {
    auto speed = one_of({1, 1, 2, 0.5});
    out.on.devices.push_back({50e9 * speed, 10e9 * speed, 60e9 * speed, 2e6,
                              short_of_memory ? one_of({8e6, 40e6}) : 0});
    out.on.servers.push_back(static_cast<uint32_t>(i / 2));
  }
  return out;
}

/// Calls `use` with every way to cut `count` things into `parts` runs.
template <class Use>
void each_cut(uint64_t count, uint64_t parts, std::vector<uint64_t>& ends,
              Use use) {
  if (parts == 1) {
    ends.push_back(count);
    use(ends);
    ends.pop_back();
    return;
  }
  auto begin = ends.empty() ? 0 : ends.back();
  for (auto end = begin + 1; end + parts - 1 <= count; ++end) {
    ends.push_back(end);
    each_cut(count, parts - 1, ends, use);
    ends.pop_back();
  }
}

/// The seconds of the best of all plans, or the least bound of those with
/// stages of equal sizes; infinite if none fits.
double by_brute_force(const planning& x, bool equal_sizes) {
  auto best = std::numeric_limits<double>::infinity();
  auto layers = x.job.layers.size();
  auto devices = x.on.devices.size();
  std::vector<uint64_t> layer_ends, device_ends;
  for (uint64_t used = 1; used <= devices; ++used)
    for (uint64_t p = 1; p <= std::min(layers, used); ++p)
      each_cut(layers, p, layer_ends, [&](const auto& of_layers) {
        each_cut(used, p, device_ends, [&](const auto& of_devices) {
          std::vector<stage_end> ends;
          auto same = true;
          for (size_t i = 0; i < p; ++i) {
            ends.push_back({of_layers[i], of_devices[i]});
            same = same && of_devices[i] * p == used * (i + 1);
          }
          if (equal_sizes && !same)
            return;
          if (auto plan = evaluate(x.job, x.on, ends, sharing::balanced))
            best =
                std::min(best, equal_sizes ? plan->bound() : plan->seconds());
        });
      });
  return best;
}

void check_optimal(const planning& x, const std::optional<optimal_plan>& found,
                   bool equal_sizes) {
  auto expected = by_brute_force(x, equal_sizes);
  REQUIRE(found.has_value() == std::isfinite(expected));
  if (!found)
    return;
  auto got = equal_sizes ? found->plan.bound() : found->plan.seconds();
  CHECK(got == doctest::Approx(expected).epsilon(1e-7));
  CHECK(found->infeasible < expected);
  CHECK(found->infeasible > expected * (1 - 1e-7));
}

planned_device plain_device() {
  return {100e9, 10e9, 50e9, 1e6, 0};
}

/// A server of equal devices.
planned_cluster equal_devices(size_t count, const planned_device& like,
                              const link_model& links) {
  return {std::vector(count, like), std::vector<uint32_t>(count, 0), links,
          links};
}

} // namespace

TEST_CASE("the fastest plan is that of brute force") {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    CAPTURE(seed);
    auto x = random_planning(seed, 1 + seed % 6, 1 + seed % 5);
    check_optimal(x, plan_optimal(x.job, x.on), false);
  }
}

TEST_CASE("the fastest plan of equal stages is that of brute force") {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    CAPTURE(seed);
    auto x = random_planning(seed, 1 + seed % 6, 1 + seed % 6);
    check_optimal(x, plan_equal_sizes(x.job, x.on), true);
  }
}

TEST_CASE("no split of a stage beats the balanced one") {
  CHECK(rc::check([] {
    auto seed = *rc::gen::inRange(0, 100000);
    auto x = random_planning(static_cast<uint64_t>(seed), 3, 2);
    for (auto& device : x.on.devices)
      device.memory = 0;
    stage_model model{x.job, x.on};
    auto work = model.load(0, 3);
    stage_devices both{model, 0, 2};
    auto shared = both.communication(work);
    // Of a fine grid and of the shares that fill the caches.
    std::vector<double> shares{2e6 / work.resident, 1 - 2e6 / work.resident};
    for (int i = 0; i <= 1000; ++i)
      shares.push_back(i / 1000.0);
    auto best = std::numeric_limits<double>::infinity();
    for (auto share : shares) {
      auto of = [&](size_t device, double part) {
        auto time = time_of_share(x.on.devices[device], work, part);
        return std::max(time.compute, time.moving);
      };
      if (share >= 0 && share <= 1)
        best =
            std::min(best, shared + std::max(of(0, share), of(1, 1 - share)));
    }
    auto found = both.least_seconds(0, 3);
    RC_ASSERT(found <= best * (1 + 1e-9));
    RC_ASSERT(found >= best * 0.99);
  }));
}

TEST_CASE("weights that fit a cache move at its speed") {
  planned_job job{{{0, 2e6, 2e6, 0, 0, 0}}, 1, 1};
  planned_cluster on{{plain_device()}, {0}, {0, 1e12}, {0, 1e12}};
  auto alone = evaluate(job, on, {{1, 1}}, sharing::balanced);
  REQUIRE(alone);
  CHECK(alone->seconds() == doctest::Approx(2e6 / 10e9));
  on.devices.push_back(plain_device());
  on.servers.push_back(0);
  auto shared = evaluate(job, on, {{1, 2}}, sharing::balanced);
  REQUIRE(shared);
  CHECK(shared->seconds() == doctest::Approx(1e6 / 50e9));
  CHECK(alone->seconds() / shared->seconds() == doctest::Approx(10));
}

TEST_CASE("causes add up to the time of a step") {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    auto x = random_planning(seed, 6, 4);
    auto found = plan_optimal(x.job, x.on);
    if (!found)
      continue;
    auto& plan = found->plan;
    auto& slowest = plan.slowest();
    auto busy = slowest.compute + slowest.memory + slowest.communication
                + slowest.border;
    CHECK(plan.seconds()
          == doctest::Approx(plan.micro_batches * busy + plan.bubble()));
    for (auto& stage : plan.stages) {
      auto sum = 0.0;
      for (auto share : stage.shares)
        sum += share;
      CHECK(sum == doctest::Approx(1));
    }
  }
}

TEST_CASE("layers go together while they fit the cache") {
  planned_job job;
  for (auto bytes : {0.4e6, 0.5e6, 0.3e6, 2.5e6, 0.1e6})
    job.layers.push_back({1e6, bytes, bytes, bytes, 1e3, 1e3});
  auto on = equal_devices(8, plain_device(), {1e-6, 1e9});
  auto found = plan_layerwise(job, on);
  REQUIRE(found);
  auto& stages = found->plan.stages;
  REQUIRE(stages.size() == 4);
  CHECK(stages[0].end_layer == 2);
  CHECK(stages[1].end_layer == 3);
  CHECK(stages[2].end_layer == 4);
  CHECK(stages[2].shares.size() == 3);
  CHECK(stages[3].end_device == 6);
  CHECK(found->filled == doctest::Approx(0.9));
}

// Shares and sums are rounded: so many times a cache may miss by a bit.
TEST_CASE("layers that fill no number of caches exactly are planned") {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    auto x = random_planning(seed, 3, 1);
    x.on.devices[0].cache = 1.1e6 / static_cast<double>(seed);
    x.on.devices[0].memory = 0;
    auto found = plan_layerwise(x.job, x.on);
    REQUIRE(found);
    CHECK(found->plan.stages.size() == 1);
  }
}

TEST_CASE("the published case takes four devices a layer") {
  // 4 layers of 402.7 MB on 16 devices of 50 MB.
  planned_job job;
  job.layers.assign(4, {1e9, 402.7e6, 402.7e6, 402.7e6, 1e6, 1e6});
  auto on = equal_devices(16, {989e12, 3.35e12, 10e12, 50e6, 0}, {1e-6, 450e9});
  auto found = plan_layerwise(job, on);
  REQUIRE(found);
  REQUIRE(found->plan.stages.size() == 4);
  for (auto& stage : found->plan.stages)
    CHECK(stage.shares.size() == 4);
  CHECK(found->filled == doctest::Approx(2.01).epsilon(0.01));
}

TEST_CASE("as many layers on as many devices each") {
  planned_job job{{}, 4, 1};
  job.layers.assign(8, {1e9, 1e6, 1e6, 1e6, 1e5, 1e5});
  auto on = equal_devices(4, plain_device(), {1e-6, 1e9});
  auto found = plan_megatron(job, on);
  REQUIRE(found);
  auto ways = found->stages.front().shares.size();
  CHECK(ways * found->stages.size() == 4);
  for (auto& stage : found->stages)
    CHECK(stage.end_layer - stage.first_layer == 8 / found->stages.size());
  auto best = plan_optimal(job, on);
  REQUIRE(best);
  CHECK(best->plan.seconds() <= found->seconds());
}

TEST_CASE("what fits no memory has no plan") {
  planned_job job{{{1e6, 1e6, 1e6, 1e9, 0, 0}}, 1, 1};
  planned_cluster on{{plain_device()}, {0}, {0, 1e9}, {0, 1e9}};
  on.devices[0].memory = 1e8;
  CHECK(!plan_optimal(job, on));
  CHECK(!plan_layerwise(job, on));
  CHECK(!plan_megatron(job, on));
}

TEST_CASE("100000 layers on 10000 devices are planned") {
  auto x = random_planning(1, 100'000, 10'000);
  auto found = plan_optimal(x.job, x.on);
  REQUIRE(found);
  CHECK(!found->any_sizes);
  CHECK(found->plan.stages.back().end_layer == 100'000);
  CHECK(found->infeasible < found->plan.bound());
  auto uniform = plan_megatron(x.job, x.on);
  REQUIRE(uniform);
  CHECK(found->plan.bound() <= uniform->bound());
}
