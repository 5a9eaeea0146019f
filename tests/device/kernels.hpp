#pragma once

#include "support/devices.hpp"

#include "nnactor/neuron/random.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace nnactor {

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

/// Some rows.
inline matrix rows_of(const values& x, uint64_t first, uint64_t count) {
  return {x.in().row(first).data(), count, x.columns};
}

inline values picked(const values& x, std::span<const int32_t> rows) {
  values out{rows.size(), x.columns};
  for (size_t i = 0; i < rows.size(); ++i)
    std::ranges::copy(x.in().row(static_cast<uint64_t>(rows[i])),
                      out.out().row(i).begin());
  return out;
}

/// 0 to count - 1 in any order.
inline std::vector<int32_t> shuffled(int32_t count, uint64_t seed) {
  std::vector<int32_t> out;
  for (int32_t i = 0; i < count; ++i)
    out.push_back(i);
  counter_random random{seed, 0};
  for (auto i = out.size(); i > 1; --i)
    std::swap(out[i - 1], out[random.bits(i) % i]);
  return out;
}

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

struct layer_shape {
  uint64_t rows, columns, units;
};

// On both sides of a panel, a tile and of two tiles of rows.
inline rc::Gen<layer_shape> any_shape() {
  return rc::gen::apply(
      [](int rows, int columns, int units) {
        return layer_shape{static_cast<uint64_t>(rows),
                           static_cast<uint64_t>(columns),
                           static_cast<uint64_t>(units)};
      },
      rc::gen::inRange(1, 70), rc::gen::inRange(1, 140),
      rc::gen::inRange(1, 200));
}

/// What the three kernels of a dense layer give; `Run` calls those of one
/// precision.
template <void Run(device&, const values& x, const values& w, const values& b,
                   const values& dz, values& z, values& dx, values& dw,
                   values& db)>
struct layer_results {
  layer_results(device& dev, layer_shape of)
      : z(of.rows, of.units), dx(of.rows, of.columns),
        dw(values::random(of.units, of.columns, 5)),
        db(values::random(1, of.units, 6)) {
    Run(dev, values::random(of.rows, of.columns, 1),
        values::random(of.units, of.columns, 2), values::random(1, of.units, 3),
        values::random(of.rows, of.units, 4), z, dx, dw, db);
  }

  values z, dx, dw, db;
};

/// All devices give the same for any shape but for `tolerance`.
template <class Results>
void check_agreement(float tolerance) {
  auto devices = all_devices();
  CHECK(rc::check([&] {
    auto of = *any_shape();
    Results expected{*devices.front(), of};
    for (auto& device : devices) {
      Results found{*device, of};
      RC_ASSERT(largest_difference(found.z, expected.z) < tolerance);
      RC_ASSERT(largest_difference(found.dx, expected.dx) < tolerance);
      RC_ASSERT(largest_difference(found.dw, expected.dw) < tolerance);
      RC_ASSERT(largest_difference(found.db, expected.db) < tolerance);
    }
  }));
}

inline constexpr auto not_a_number = std::numeric_limits<float>::quiet_NaN();
inline constexpr auto infinite = std::numeric_limits<float>::infinity();

inline constexpr std::array all_activations = {
    activation::none, activation::relu,    activation::gelu,
    activation::tanh, activation::sigmoid, activation::silu};

inline double exact_activation(activation act, double z) {
  switch (act) {
  case activation::none:
    return z;
  case activation::relu:
    return std::max(z, 0.0);
  case activation::gelu:
    return z / 2 * (1 + std::erf(z / std::sqrt(2.0)));
  case activation::tanh:
    return std::tanh(z);
  case activation::sigmoid:
    return 1 / (1 + std::exp(-z));
  case activation::silu:
    return z / (1 + std::exp(-z));
  }
  return z;
}

// -- formulas in double precision ---------------------------------------------

/// Row by row.
using wide_values = std::vector<double>;

inline wide_values widened(const values& x) {
  return {x.data.begin(), x.data.end()};
}

inline double largest_difference(const values& x, const wide_values& y) {
  auto largest = 0.0;
  for (size_t i = 0; i < y.size(); ++i) {
    auto difference = std::abs(static_cast<double>(x.data[i]) - y[i]);
    // Not std::max, which loses a NaN.
    largest = difference <= largest ? largest : difference;
  }
  return largest;
}

/// The gradient of the sum of `weights` times `of(x)`, by central differences.
template <class F>
wide_values differences(wide_values x, const wide_values& weights, F of) {
  constexpr auto step = 1e-5;
  auto weighted = [&] {
    auto y = of(std::as_const(x));
    auto sum = 0.0;
    for (size_t i = 0; i < y.size(); ++i)
      sum += weights[i] * y[i];
    return sum;
  };
  wide_values out;
  for (auto& value : x) {
    auto before = value;
    value = before + step;
    auto above = weighted();
    value = before - step;
    auto below = weighted();
    value = before;
    out.push_back((above - below) / (2 * step));
  }
  return out;
}

} // namespace nnactor
