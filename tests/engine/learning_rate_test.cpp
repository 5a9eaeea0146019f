#include "nnactor/engine/clip.hpp"
#include "nnactor/engine/settings.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace nnactor;

TEST_CASE("a constant rate rises through its warm-up only") {
  schedule_settings how{schedule_kind::constant, 0.4f, 0, 4, 100};
  CHECK(learning_rate(how, 0) == doctest::Approx(0.1f));
  CHECK(learning_rate(how, 3) == doctest::Approx(0.4f));
  CHECK(learning_rate(how, 4) == 0.4f);
  CHECK(learning_rate(how, 1'000'000) == 0.4f);
}

TEST_CASE("cosine falls from the rate to the final rate at the last step") {
  schedule_settings how{schedule_kind::cosine, 1.0f, 0.2f, 10, 111};
  CHECK(learning_rate(how, 9) == doctest::Approx(1.0f));
  CHECK(learning_rate(how, 10) == doctest::Approx(1.0f));
  CHECK(learning_rate(how, 60) == doctest::Approx(0.6f));
  CHECK(learning_rate(how, 110) == doctest::Approx(0.2f));
  CHECK(learning_rate(how, 500) == doctest::Approx(0.2f));
  for (uint64_t step = 11; step < 111; ++step)
    CHECK(learning_rate(how, step) < learning_rate(how, step - 1));
}

TEST_CASE("schedules without room for a cosine stay defined") {
  for (uint64_t steps : {0, 1, 5, 6})
    CHECK(learning_rate({schedule_kind::cosine, 1.0f, 0.25f, 5, steps}, 5)
          == doctest::Approx(0.25f));
}

TEST_CASE("clipping scales by the norm over all groups") {
  CHECK(clip_scale(0, {9, 16}) == 1.0f);
  CHECK(clip_scale(5, {9, 16}) == 1.0f);
  CHECK(clip_scale(2.5f, {9, 16}) == doctest::Approx(0.5f));
  CHECK(clip_scale(1, {}) == 1.0f);
  CHECK(clip_scale(1, {std::numeric_limits<double>::quiet_NaN()}) == 1.0f);
}
