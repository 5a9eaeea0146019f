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

} // namespace

uint64_t measure_speed(device& dev) {
  std::vector<float> x(rows * inputs, 0.5f);
  std::vector<float> w(units * inputs, 0.25f);
  std::vector<float> b(units, 0.0f);
  std::vector<float> z(rows * units);
  auto run = [&] {
    dev.affine({x.data(), rows, inputs}, {w.data(), units, inputs}, b,
               {z.data(), rows, units});
  };
  // The first call chooses kernels.
  run();
  auto best = clock::duration::max();
  for (auto start = clock::now(); clock::now() - start < enough;) {
    auto before = clock::now();
    run();
    best = std::min(best, clock::now() - before);
  }
  auto seconds = std::chrono::duration<double>(best).count();
  return static_cast<uint64_t>(2e-6 * rows * inputs * units / seconds);
}

} // namespace nnactor
