#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/engine/footprint.hpp"
#include "nnactor/engine/layer_profile.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace nnactor;
using namespace nnactor::test;

namespace {

train_settings settings() {
  train_settings how;
  how.batch = 12;
  how.micro_batches = 3;
  how.window = 2;
  how.optimizer.kind = optimizer_kind::sgd;
  return how;
}

} // namespace

TEST_CASE("the work of a perceptron, counted by hand") {
  auto net = small_regression(); // 6-8-4-3
  auto work = training_work(net, settings());
  CHECK(work.job.micro_batches == 3);
  CHECK(work.layers == std::vector<layer_id>{1, 2, 3});
  auto& hidden = work.job.layers[0];
  auto& waist = work.job.layers[1];
  // Rows of 4; nobody asks for the gradient of the data.
  CHECK(hidden.flop == 2 * 4 * 8 * 6 * 2);
  CHECK(waist.flop == 2 * 4 * 4 * 8 * 3);
  // Weights twice, their gradient in and out, and a third of the update: three
  // times read, once written, with one value of state in and out.
  auto parameters = 8 * 6 + 8;
  CHECK(hidden.moved
        == doctest::Approx(4 * parameters * (2 + 2 + (3 + 2) / 3.0)));
  CHECK(hidden.resident == 4 * parameters * 3);
  CHECK(hidden.exchanged == 4 * 8 * 4);
  CHECK(hidden.passed_on == 4 * 8 * 4);
  CHECK(work.job.layers[2].passed_on == 4 * 3 * 4);
  CHECK(hidden.memory > hidden.resident);
}

TEST_CASE("what several layers behind a border read crosses it once") {
  auto net = small_language_model(); // "first" is read by two.
  auto work = training_work(net, settings());
  CHECK(work.job.layers[1].passed_on == 4 * 7 * 4);
  CHECK(work.job.layers[2].passed_on == 4 * (7 + 4) * 4);
}

TEST_CASE("every time step goes through by itself") {
  auto net = small_regression();
  auto once = training_work(net, settings());
  auto asked = inference_work(net, settings(), 2);
  net.time_steps = 5;
  auto often = training_work(net, settings());
  CHECK(often.job.exchanges == 5 * once.job.exchanges);
  CHECK(inference_work(net, settings(), 2).job.exchanges
        == 5 * asked.job.exchanges);
  auto& one = once.job.layers[0];
  auto& five = often.job.layers[0];
  CHECK(five.flop == 5 * one.flop);
  CHECK(five.overhead == 5 * one.overhead);
  CHECK(five.exchanged == one.exchanged);
  CHECK(five.passed_on == one.passed_on);
  CHECK(five.resident == one.resident);
  auto parameters = 8 * 6 + 8;
  // Copies to save are made once a step, however long an example is.
  auto copies =
      parameters
      * static_cast<double>(4 + optimizer_bytes(settings().optimizer.kind));
  CHECK(five.memory - five.resident - copies
        == 5 * (one.memory - one.resident - copies));
  // The optimizer goes through the weights once a step.
  CHECK(five.moved
        == doctest::Approx(4 * parameters * (5 * (2 + 2) + (3 + 2) / 3.0)));
}

TEST_CASE("answers take one pass, rounded weights half the bytes") {
  auto net = small_regression();
  auto how = settings();
  auto exact = inference_work(net, how, 1).job.layers[0];
  CHECK(exact.flop == 2 * 8 * 6);
  CHECK(exact.moved == 4 * (8 * 6 + 8));
  how.compute = precision::bfloat16;
  CHECK(inference_work(net, how, 1).job.layers[0].moved == exact.moved / 2);
}

TEST_CASE("work is measured for every layer") {
  auto net = small_language_model();
  auto how = settings();
  auto work = training_work(net, how);
  auto dev = make_cpu_device();
  tensor_builder<int32_t> inputs{{how.batch, 4}}, targets{{how.batch, 1}};
  std::ranges::fill(inputs.values(), 1);
  std::ranges::fill(targets.values(), 2);
  measure_work(work, net, how, *dev, 1e9, std::move(inputs).share(),
               std::move(targets).share());
  for (auto& x : work.job.layers) {
    CHECK(x.flop + x.overhead > 0);
    CHECK(x.moved == 0);
  }
}
