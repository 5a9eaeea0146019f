#include "reports/plan_report.hpp"

#include "support/networks.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

plan_choices choices(size_t devices, double memory = 0) {
  auto net = test::small_regression();
  train_settings how;
  how.batch = 64;
  how.micro_batches = 4;
  planned_cluster on;
  on.inside = on.between = {1e-6, 1e9};
  on.devices.assign(devices, {1e9, 1e9, 4e9, 500, memory});
  on.servers.assign(devices, 0);
  return choose_plans(training_work(net, how), on, how.batch);
}

} // namespace

TEST_CASE("the report has every strategy and the stages of the fastest") {
  auto what = choices(3);
  REQUIRE(what.best);
  auto text = render(what, test::small_regression(), "Plans");
  for (auto* name : {"layerwise", "megatron", "auto", "hidden", "out"})
    CHECK(has(text, name));
  CHECK(has(text, "Layerwise holds up to "));
  CHECK(has(text, "faster"));
  auto json = to_json(what, test::small_regression());
  auto& best = json["auto"];
  auto sum = best["compute"].get<double>() + best["memory"].get<double>()
             + best["communication"].get<double>()
             + best["bubble"].get<double>();
  CHECK(sum == doctest::Approx(best["seconds"].get<double>()));
  CHECK(best["seconds"] <= json["megatron"]["seconds"]);
  CHECK(best["infeasible_seconds"] < best["seconds"]);
  CHECK(best["stages"][0]["first_layer"] == "hidden");
}

TEST_CASE("a plan is explained by what it saves") {
  auto what = choices(3);
  auto why = why_fastest(what);
  CHECK(has(why, "as fast as"));
  what.layerwise.reset();
  what.megatron.reset();
  CHECK(why_fastest(what).empty());
}

TEST_CASE("the config's own split is compared in plain words") {
  auto what = choices(3);
  CHECK(compare_split(what).empty());
  what.configured = what.best->plan;
  CHECK(compare_split(what)
        == "The split of the config is as fast as any plan.");
  what.configured->micro_batches *= 100;
  CHECK(has(compare_split(what), "times as long as auto, the fastest."));
  auto text = render(what, test::small_regression(), "Plans");
  CHECK(has(text, "configured"));
  CHECK(has(text, compare_split(what)));
  CHECK(to_json(what, test::small_regression())["configured"]["times"] > 1);

  auto one = choices(1);
  one.device = "core";
  one.configured = one.best->plan;
  one.configured->stages.front().communication +=
      0.8 * one.best->plan.stages.front().seconds();
  CHECK(compare_split(one)
        == "One core is fastest: the split of the config would take 1.8 times "
           "as long.");
}

TEST_CASE("a network that fits no memory is said to fit none") {
  auto what = choices(2, 100);
  CHECK(!what.best);
  auto text = render(what, test::small_regression(), "Plans");
  CHECK(has(text, "No plan fits the memory of the devices."));
  auto json = to_json(what, test::small_regression());
  for (auto* name : {"layerwise", "megatron", "auto"})
    CHECK(!json.contains(name));
}
