#include "nnactor/run/plan_choices.hpp"
#include "run/jobs.hpp"
#include "support/networks.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

plan_choices on_three_devices(double memory = 0) {
  planned_cluster on;
  on.inside = on.between = {1e-6, 1e9};
  on.devices.assign(3, {1e9, 1e9, 4e9, 500, memory});
  on.servers.assign(3, 0);
  train_settings how;
  how.batch = 64;
  how.micro_batches = 4;
  return choose_plans(training_work(small_regression(), how), on, how.batch);
}

} // namespace

TEST_CASE("every strategy has its plan, and none beats the best") {
  auto what = on_three_devices();
  REQUIRE(what.best);
  for (auto [name, plan] : what.strategies()) {
    CAPTURE(name);
    REQUIRE(plan != nullptr);
    CHECK(plan->seconds() >= what.best->plan.seconds());
    auto by = causes_of(*plan);
    CHECK(by.compute + by.memory + by.communication + by.bubble
          == doctest::Approx(plan->seconds()));
  }
  auto next = what.next_best();
  REQUIRE(next.plan != nullptr);
  CHECK(next.plan != &what.best->plan);
  CHECK(next.plan->seconds() <= what.megatron->seconds());
  CHECK(next.plan->seconds() <= what.layerwise->plan.seconds());
}

TEST_CASE("the config's own split stands before the strategies") {
  auto what = on_three_devices();
  CHECK(what.all().size() == 3);
  CHECK(!what.configured_over_best());
  what.configured = what.best->plan;
  CHECK(what.all().front().name == std::string{"configured"});
  CHECK(what.configured_over_best() == 1.0);
  what.configured->micro_batches *= 2;
  CHECK(*what.configured_over_best() > 1);
}

TEST_CASE("caches hold what is not larger than they are") {
  auto what = on_three_devices();
  planned_stage all;
  all.end_layer = what.work.layers.size();
  all.end_device = 3;
  all.shares = {0, 0.5, 0.5};
  auto bytes = what.resident(all);
  CHECK(bytes > 0);
  for (auto& x : what.on.devices)
    x.cache = bytes / 2;
  CHECK(what.cached_devices(all) == 3);
  what.on.devices[1].cache = bytes / 3;
  CHECK(what.cached_devices(all) == 2);
}

TEST_CASE("where no plan fits there is none to compare with") {
  auto what = on_three_devices(100);
  CHECK(!what.best);
  for (auto [name, plan] : what.strategies())
    CHECK(plan == nullptr);
  CHECK(what.next_best().plan == nullptr);
}
