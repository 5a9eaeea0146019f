#include "device/kernels.hpp"

using namespace nnactor;

namespace {

device::adam_step first_step(float decay, bool decoupled) {
  return {.rate = 0.1f,
          .beta1 = 0.9f,
          .beta2 = 0.999f,
          .epsilon = 1e-8f,
          .correction1 = 1 - 0.9f,
          .correction2 = 1 - 0.999f,
          .decay = decay,
          .decoupled = decoupled};
}

} // namespace

TEST_CASE("momentum adds up what gradients have in common") {
  for (auto& dev : all_devices()) {
    std::vector<float> w = {1, -1}, v = {0, 0};
    std::vector<float> g = {0.5f, 1};
    dev->sgd(w, g, v, 0.1f, 0.5f, 0);
    CHECK(v == std::vector<float>{0.5f, 1});
    CHECK(w[0] == doctest::Approx(0.95f));
    dev->sgd(w, g, v, 0.1f, 0.5f, 0);
    CHECK(v == std::vector<float>{0.75f, 1.5f});
    CHECK(w[0] == doctest::Approx(0.875f));
    dev->sgd(w, std::vector<float>(2), v, 0.1f, 0, 0.5f);
    CHECK(v[0] == doctest::Approx(0.4375f));
  }
}

TEST_CASE("the first step of Adam has the length of its rate") {
  for (auto& dev : all_devices()) {
    std::vector<float> w = {1, 1, 1}, m(3), v(3);
    std::vector<float> g = {1e-3f, -50, 0};
    dev->adam(w, g, m, v, first_step(0, false));
    CHECK(w[0] == doctest::Approx(0.9f).epsilon(1e-4));
    CHECK(w[1] == doctest::Approx(1.1f).epsilon(1e-4));
    CHECK(w[2] == 1.0f);
    CHECK(m[1] == doctest::Approx(-5.0f));
    CHECK(v[1] == doctest::Approx(2.5f));
  }
}

TEST_CASE("decoupled weight decay does not pass through the moments") {
  for (auto& dev : all_devices()) {
    std::vector<float> w = {2}, m(1), v(1);
    dev->adam(w, std::vector<float>{0}, m, v, first_step(0.5f, true));
    CHECK(m[0] == 0.0f);
    CHECK(w[0] == doctest::Approx(2 - 0.1 * 0.5 * 2));
    w = {2};
    dev->adam(w, std::vector<float>{0}, m, v, first_step(0.5f, false));
    CHECK(m[0] == doctest::Approx(0.1f));
    CHECK(w[0] == doctest::Approx(1.9f));
  }
}

TEST_CASE("sums and norms cover every value, whatever the size") {
  for (auto& dev : all_devices())
    for (size_t size : {0, 1, 15, 16, 17, 100}) {
      std::vector<float> x(size, 3), y(size, 1);
      CHECK(dev->squared_norm(x) == 9.0 * static_cast<double>(size));
      dev->add(x, y);
      CHECK(y == std::vector<float>(size, 4));
      dev->scale(0.5f, y);
      CHECK(y == std::vector<float>(size, 2));
    }
}

TEST_CASE("a norm that float could not hold is still a number") {
  for (auto& dev : all_devices())
    CHECK(dev->squared_norm(std::vector<float>(4, 1e30f))
          == doctest::Approx(4e60));
}
