#include "engine/networks.hpp"
#include "group/fixture.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr auto forward = direction::forward;
constexpr group_id input = 0, target = 1, output = 4, loss = 5;

tensor labels() {
  return tokens({2, 1}, {0, 2});
}

} // namespace

TEST_CASE("the loss goes to the driver and its gradient to the output") {
  lone_group x{loss};
  x.send(x.training(0), forward, target, labels());
  CHECK(x.device->blocks.empty());
  x.send(x.training(0), forward, output, ramp({2, 3}));
  x.run_all();
  auto results = x.sent(input, forward);
  REQUIRE(results.size() == 1);
  auto value = to_loss_value(results[0].value);
  REQUIRE(value);
  // Rows rise, so the last class is the most likely one: right for one row.
  CHECK(value->correct == 1);
  CHECK(value->loss_sum == doctest::Approx(2.4076 + 0.4076).epsilon(1e-4));
  auto gradients = x.sent(output, direction::backward);
  REQUIRE(gradients.size() == 1);
  CHECK(gradients[0].value.extent() == shape{2, 3});
  CHECK(gradients[0].key.consumer == output);
}

TEST_CASE("evaluation has a loss and no gradient") {
  lone_group x{loss};
  auto work = work_id{x.epoch, 3, phase::evaluate, 0};
  x.send(work, forward, output, ramp({2, 3}));
  x.send(work, forward, target, labels());
  x.run_all();
  CHECK(x.sent(input, forward).size() == 1);
  CHECK(x.sent(output, direction::backward).empty());
}

TEST_CASE("inference needs no target and answers with probabilities") {
  lone_group x{loss};
  auto work = work_id{x.epoch, 0, phase::infer, 5};
  x.send(work, forward, output, ramp({2, 3}));
  x.run_all();
  auto results = x.sent(input, forward);
  REQUIRE(results.size() == 1);
  CHECK(results[0].key.work == work);
  auto row = results[0].value.values<float>().first(3);
  CHECK(row[0] + row[1] + row[2] == doctest::Approx(1));
}

TEST_CASE("duplicates and gradients that stray in change nothing") {
  lone_group x{loss};
  x.send(x.training(0), direction::backward, output, ramp({2, 3}));
  x.send(x.training(0), forward, target, labels());
  for (int twice = 0; twice < 2; ++twice)
    x.send(x.training(0), forward, output, ramp({2, 3}));
  x.run_all();
  x.send(x.training(0), forward, target, labels());
  x.run_all();
  CHECK(x.sent(input, forward).size() == 1);
  CHECK(x.driver->failures.empty());
}

TEST_CASE("labels out of range or too few are a failure of the loss group") {
  for (auto& wrong : {tokens({2, 1}, {0, 3}), tokens({2, 1}, {-1, 0}),
                      tokens({1, 1}, {0}), ramp({2, 1})}) {
    lone_group x{loss};
    x.send(x.training(0), forward, target, wrong);
    x.send(x.training(0), forward, output, ramp({2, 3}));
    CHECK(x.device->blocks.empty());
    REQUIRE(x.driver->failures.size() == 1);
    CHECK(explain(x.driver->failures[0]).find("loss group on node 1")
          != std::string::npos);
  }
}

TEST_CASE("a loss is two numbers and nothing else") {
  auto back = to_loss_value(to_tensor({1.5, 3}));
  REQUIRE(back);
  CHECK(back->loss_sum == 1.5);
  CHECK(back->correct == 3);
  CHECK(!to_loss_value(ramp({1, 2})));
  CHECK(!to_loss_value({}));
}
