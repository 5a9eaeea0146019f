#include "device/kernels.hpp"

using namespace nnactor;

TEST_CASE("equal logits cost the logarithm of the number of classes") {
  for (auto& dev : all_devices()) {
    values z{3, 10, 2.5f}, dz{3, 10};
    std::vector<int32_t> labels = {0, 4, 9};
    auto loss = dev->softmax_cross_entropy(z.in(), {labels.data(), 3, 1}, 0.5f,
                                           dz.out());
    CHECK(loss == doctest::Approx(3 * std::log(10.0)));
    for (uint64_t r = 0; r < 3; ++r)
      for (uint64_t c = 0; c < 10; ++c) {
        auto hit = static_cast<int32_t>(c) == labels[r];
        CHECK(dz.in().row(r)[c] == doctest::Approx(hit ? -0.45f : 0.05f));
      }
  }
}

TEST_CASE("softmax is stable for logits of any size") {
  for (auto& dev : all_devices()) {
    values z{2, 3}, dz{2, 3}, y{2, 3};
    z.data = {1000, 0, -1000, -3e38f, -3e38f, -3e38f};
    std::vector<int32_t> labels = {1, 2};
    auto loss = dev->softmax_cross_entropy(z.in(), {labels.data(), 2, 1}, 1.0f,
                                           dz.out());
    CHECK(loss == doctest::Approx(1000 + std::log(3.0)));
    CHECK(dz.data[0] == 1.0f);
    CHECK(dz.data[1] == -1.0f);
    dev->softmax(z.in(), y.out());
    CHECK(y.data[0] == 1.0f);
    CHECK(y.data[1] == 0.0f);
    CHECK(y.data[5] == doctest::Approx(1.0f / 3));
  }
}

TEST_CASE("the loss is the same whether or not a gradient is wanted") {
  for (auto& dev : all_devices()) {
    auto z = values::random(20, 33, 1);
    auto targets = values::random(20, 33, 2);
    values dz{20, 33};
    std::vector<int32_t> labels(20, 7);
    token_matrix of{labels.data(), 20, 1};
    CHECK(dev->softmax_cross_entropy(z.in(), of, 1.0f, dz.out())
          == dev->softmax_cross_entropy(z.in(), of, 1.0f, {}));
    CHECK(dev->mean_squared_error(z.in(), targets.in(), 1.0f, dz.out())
          == dev->mean_squared_error(z.in(), targets.in(), 1.0f, {}));
  }
}

TEST_CASE("squared errors are averaged over columns and summed over rows") {
  for (auto& dev : all_devices()) {
    values z{2, 2}, targets{2, 2}, dz{2, 2};
    z.data = {1, 2, 3, 4};
    targets.data = {0, 4, 3, 7};
    auto loss = dev->mean_squared_error(z.in(), targets.in(), 0.5f, dz.out());
    CHECK(loss == doctest::Approx((1 + 4) / 2.0 + (0 + 9) / 2.0));
    CHECK(dz.data == std::vector<float>{0.5f, -1, 0, -1.5f});
  }
}

TEST_CASE("a NaN anywhere makes the loss NaN") {
  for (auto& dev : all_devices())
    for (size_t at = 0; at < 12; ++at) {
      CAPTURE(at);
      auto z = values::random(3, 4, 1);
      z.data[at] = not_a_number;
      std::vector<int32_t> labels = {0, 3, 1};
      values targets{3, 4}, dz{3, 4};
      token_matrix of{labels.data(), 3, 1};
      CHECK(std::isnan(dev->softmax_cross_entropy(z.in(), of, 1, dz.out())));
      CHECK(std::isnan(dev->softmax_cross_entropy(z.in(), of, 1, {})));
      CHECK(std::isnan(
          dev->mean_squared_error(z.in(), targets.in(), 1, dz.out())));
      z.data[at] = infinite;
      CHECK(std::isnan(dev->softmax_cross_entropy(z.in(), of, 1, {})));
    }
}
