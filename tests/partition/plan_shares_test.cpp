#include "nnactor/partition/planner.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

planned_job three_layers() {
  planned_job job;
  job.layers = {{2e6, 1e5, 1e5, 0, 1e4, 2e4, 1e-6},
                {8e6, 4e5, 4e5, 0, 3e4, 1e4, 1e-6},
                {4e6, 2e5, 2e5, 0, 2e4, 0, 1e-6}};
  job.micro_batches = 4;
  job.exchanges = 2;
  return job;
}

planned_cluster devices(size_t count) {
  planned_cluster on;
  on.inside = {1e-6, 1e10};
  on.between = {50e-6, 1e9};
  on.devices.assign(count, {1e10, 1e10, 5e10, 3e5, 0});
  for (uint32_t i = 0; i < count; ++i)
    on.servers.push_back(i / 2);
  return on;
}

void check_same(const network_plan& x, const network_plan& y) {
  REQUIRE(x.stages.size() == y.stages.size());
  for (size_t i = 0; i < x.stages.size(); ++i) {
    CHECK(x.stages[i].end_layer == y.stages[i].end_layer);
    CHECK(x.stages[i].end_device == y.stages[i].end_device);
    CHECK(x.stages[i].seconds()
          == doctest::Approx(y.stages[i].seconds()).epsilon(1e-9));
  }
  CHECK(x.seconds() == doctest::Approx(y.seconds()).epsilon(1e-9));
}

} // namespace

TEST_CASE("a split that is a plan takes what the plan takes") {
  auto job = three_layers();
  auto on = devices(4);
  auto same = [&](const std::vector<stage_end>& ends,
                  const layer_shares& shares) {
    auto plan = evaluate(job, on, ends, sharing::equal);
    REQUIRE(plan);
    check_same(evaluate(job, on, shares), *plan);
  };
  same({{3, 1}}, {{1, 0, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}});
  same({{3, 4}}, layer_shares(3, {0.25, 0.25, 0.25, 0.25}));
  same({{1, 1}, {3, 2}}, {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 1, 0, 0}});
  same({{1, 2}, {2, 3}, {3, 4}},
       {{0.5, 0.5, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}});
}

TEST_CASE("devices of a split may come in any order") {
  auto job = three_layers();
  auto on = devices(4);
  check_same(evaluate(job, on, {{0, 0, 0, 1}, {0, 0, 1, 0}, {0, 0, 1, 0}}),
             evaluate(job, on, {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 1, 0, 0}}));
}

TEST_CASE("layers whose devices are tied by others are one stage") {
  auto plan =
      evaluate(three_layers(), devices(2), {{1, 0}, {0.5, 0.5}, {0, 1}});
  REQUIRE(plan.stages.size() == 1);
  CHECK(plan.stages[0].end_device == 2);
  // The slowest device of each layer: all of the first and the last, half of
  // the one between.
  CHECK(plan.stages[0].compute + plan.stages[0].memory
        == doctest::Approx((2e6 + 4e6 + 4e6) / 1e10));
}

TEST_CASE("an uneven split takes as long as its largest part") {
  auto job = three_layers();
  auto even = evaluate(job, devices(2), layer_shares(3, {0.5, 0.5}));
  auto uneven = evaluate(job, devices(2), layer_shares(3, {0.1, 0.9}));
  CHECK(uneven.stages[0].compute
        == doctest::Approx(even.stages[0].compute * 9 / 5));
}
