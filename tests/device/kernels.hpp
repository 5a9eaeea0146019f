#pragma once

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/neuron/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace nnactor {

/// Both implementations; what is true of one must be true of the other.
inline std::vector<std::unique_ptr<device>> all_devices() {
  std::vector<std::unique_ptr<device>> all;
  all.push_back(make_reference_device());
  all.push_back(make_cpu_device());
  return all;
}

/// A matrix of test values.
struct values {
  values(uint64_t rows, uint64_t columns, float value = 0)
      : rows(rows), columns(columns), data(rows * columns, value) {
  }

  /// Uniform in [-1, 1).
  static values random(uint64_t rows, uint64_t columns, uint64_t seed) {
    values out{rows, columns};
    counter_random random{seed, 0};
    for (size_t i = 0; i < out.data.size(); ++i)
      out.data[i] = 2 * random.uniform(i) - 1;
    return out;
  }

  matrix in() const {
    return {data.data(), rows, columns};
  }

  mutable_matrix out() {
    return {data.data(), rows, columns};
  }

  uint64_t rows;
  uint64_t columns;
  std::vector<float> data;
};

inline float largest_difference(const values& x, const values& y) {
  auto largest = 0.0f;
  for (size_t i = 0; i < x.data.size(); ++i)
    largest = std::max(largest, std::abs(x.data[i] - y.data[i]));
  return largest;
}

inline bool same_bits(std::span<const float> x, std::span<const float> y) {
  return std::ranges::equal(x, y, {}, std::bit_cast<uint32_t, float>,
                            std::bit_cast<uint32_t, float>);
}

inline constexpr auto not_a_number = std::numeric_limits<float>::quiet_NaN();
inline constexpr auto infinite = std::numeric_limits<float>::infinity();

inline constexpr std::array all_activations = {
    activation::none, activation::relu, activation::gelu, activation::tanh,
    activation::sigmoid};

} // namespace nnactor
