#include "device/kernels.hpp"

using namespace nnactor;

namespace {

/// Computes act'(z) by a device that is given only what it may read.
float slope(device& dev, activation act, float z) {
  values in{1, 1, z}, y{1, 1}, dy{1, 1, 1}, dz{1, 1};
  dev.activate(act, in.in(), y.out());
  if (needs_z(act))
    dev.activate_gradient(act, in.in(), {}, dy.in(), dz.out());
  else
    dev.activate_gradient(act, {}, y.in(), dy.in(), dz.out());
  return dz.data[0];
}

} // namespace

TEST_CASE("activations are their formulas") {
  for (auto& dev : all_devices())
    for (auto act : all_activations) {
      values z{3, 67};
      for (size_t i = 0; i < z.data.size(); ++i)
        z.data[i] = -10.0f + static_cast<float>(i) * 0.1f;
      values y{3, 67};
      dev->activate(act, z.in(), y.out());
      for (size_t i = 0; i < z.data.size(); ++i) {
        CAPTURE(dev->name());
        CAPTURE(to_string(act));
        CAPTURE(z.data[i]);
        auto expected = exact_activation(act, static_cast<double>(z.data[i]));
        CHECK(static_cast<double>(y.data[i])
              == doctest::Approx(expected).epsilon(2e-6));
      }
      auto in_place = z;
      dev->activate(act, in_place.in(), in_place.out());
      CHECK(same_bits(in_place.data, y.data));
    }
}

TEST_CASE("slopes of activations agree with finite differences") {
  for (auto& dev : all_devices())
    for (auto act : all_activations)
      for (auto z = -4.05f; z < 4; z += 0.3f) {
        CAPTURE(dev->name());
        CAPTURE(to_string(act));
        CAPTURE(z);
        auto at = static_cast<double>(z);
        auto expected = (exact_activation(act, at + 1e-6)
                         - exact_activation(act, at - 1e-6))
                        / 2e-6;
        CHECK(static_cast<double>(slope(*dev, act, z))
              == doctest::Approx(expected).epsilon(1e-5));
      }
}

TEST_CASE("no activation hides a NaN") {
  for (auto& dev : all_devices())
    for (auto act : all_activations)
      for (uint64_t size : {1, 16, 33}) {
        CAPTURE(dev->name());
        CAPTURE(to_string(act));
        values z{1, size, not_a_number}, y{1, size};
        dev->activate(act, z.in(), y.out());
        CHECK(
            std::ranges::all_of(y.data, [](float x) { return std::isnan(x); }));
      }
}

TEST_CASE("activations give the same bits each time") {
  for (auto& dev : all_devices())
    for (auto act : all_activations) {
      auto z = values::random(7, 13, 1);
      auto dy = values::random(7, 13, 2);
      values y{7, 13}, again{7, 13}, dz{7, 13}, dz_again{7, 13};
      dev->activate(act, z.in(), y.out());
      dev->activate(act, z.in(), again.out());
      CHECK(same_bits(y.data, again.data));
      dev->activate_gradient(act, z.in(), y.in(), dy.in(), dz.out());
      dev->activate_gradient(act, z.in(), y.in(), dy.in(), dz_again.out());
      CHECK(same_bits(dz.data, dz_again.data));
    }
}

TEST_CASE("a device survives more sizes than it remembers kernels for") {
  auto cpu = make_cpu_device();
  for (uint64_t size = 1; size < 600; ++size) {
    values z{1, size, 0.5f}, y{1, size};
    cpu->activate(activation::tanh, z.in(), y.out());
    CHECK(y.data.back() == doctest::Approx(std::tanh(0.5f)));
  }
}
