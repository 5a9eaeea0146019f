#include "nnactor/device/speed.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;

// A micro-batch of a middling layer.
constexpr uint64_t rows = 128;
constexpr uint64_t inputs = 256;
constexpr uint64_t units = 256;

constexpr auto enough = std::chrono::milliseconds{40};

/// Mflop/s of the fastest call.
template <class Product>
uint64_t speed_of(Product product) {
  // The first call chooses kernels.
  product();
  auto best = clock::duration::max();
  for (auto start = clock::now(); clock::now() - start < enough;) {
    auto before = clock::now();
    product();
    best = std::min(best, clock::now() - before);
  }
  auto seconds = std::chrono::duration<double>(best).count();
  return static_cast<uint64_t>(2e-6 * rows * inputs * units / seconds);
}

struct matrices {
  std::vector<float> x = std::vector(rows * inputs, 0.5f);
  std::vector<float> w = std::vector(units * inputs, 0.25f);
  std::vector<float> b = std::vector(units, 0.0f);
  std::vector<float> z = std::vector(rows * units, 0.0f);

  matrix input() const {
    return {x.data(), rows, inputs};
  }

  matrix weights() const {
    return {w.data(), units, inputs};
  }

  mutable_matrix output() {
    return {z.data(), rows, units};
  }
};

} // namespace

uint64_t measure_speed(device& dev) {
  matrices all;
  return speed_of(
      [&] { dev.affine(all.input(), all.weights(), all.b, all.output()); });
}

uint64_t measure_packed_speed(device& dev) {
  matrices all;
  auto packed = dev.pack(all.weights(), nullptr);
  return speed_of(
      [&] { dev.packed_affine(all.input(), *packed, all.b, all.output()); });
}

} // namespace nnactor
