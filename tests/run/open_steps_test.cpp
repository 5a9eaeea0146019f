#include "nnactor/run/open_steps.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <vector>

using namespace nnactor;

TEST_CASE("a step is done when all of it is back, whatever comes last") {
  open_steps steps;
  steps.expect({.losses = 2, .micro_batches = 2, .closing = 2, .norms = 1});
  std::vector<std::function<void()>> events = {
      [&] {
        steps.add_loss(5, {0}, {1.5, 0});
      },
      [&] {
        steps.add_loss(5, {1}, {2.5, 0});
      },
      [&] { steps.add_norm(5, 3, 7); },
      [&] { steps.add_credit(5, 0, 2); },
      [&] { steps.add_credit(5, 0, 3); },
      [&] { steps.add_credit(5, 1, 2); },
      [&] { steps.add_credit(5, 1, 3); },
  };
  for (size_t i = 0; i < events.size(); ++i) {
    std::ranges::rotate(events, events.begin() + 1);
    steps.begin(5);
    for (auto& event : events) {
      CHECK(!steps.close(5));
      event();
      event(); // What comes twice counts once.
    }
    CHECK(steps.loss_of(5) == 4.0);
    CHECK(steps.close(5));
    CHECK(steps.all().empty());
  }
}

TEST_CASE("what completes something says so once") {
  open_steps steps;
  steps.expect({.losses = 1, .micro_batches = 1, .closing = 2, .norms = 2});
  steps.begin(1);
  CHECK(steps.add_norm(1, 4, 40).empty());
  CHECK(steps.add_norm(1, 3, 30) == std::vector<double>{30, 40});
  CHECK(steps.add_norm(1, 3, 30).empty());
  CHECK(!steps.add_credit(1, 0, 3));
  CHECK(!steps.add_credit(1, 0, 3));
  CHECK(steps.add_credit(1, 0, 4));
  CHECK(!steps.add_credit(1, 0, 4));
}

TEST_CASE("what belongs to no step under way changes nothing") {
  open_steps steps;
  steps.expect({.losses = 1, .micro_batches = 1, .closing = 1, .norms = 1});
  steps.add_loss(9, {0}, {1, 0});
  CHECK(steps.add_norm(9, 3, 1).empty());
  CHECK(!steps.add_credit(9, 0, 3));
  CHECK(!steps.loss_of(9));
  CHECK(!steps.close(9));
  CHECK(steps.all().empty());
}
