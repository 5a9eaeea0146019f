#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#define NNACTOR_INLINE inline __attribute__((always_inline))

// Formulas that the compiler turns into vectors: no branches and no calls. All
// keep NaN.

namespace nnactor {

/// `x` where `which`, else `y`, as a mask: of a branch, compilers make two
/// paths and no vector.
NNACTOR_INLINE float vector_select(bool which, float x, float y) {
  auto mask = 0u - static_cast<uint32_t>(which);
  return std::bit_cast<float>((std::bit_cast<uint32_t>(x) & mask)
                              | (std::bit_cast<uint32_t>(y) & ~mask));
}

/// e^x with an error below 2 units of the last place; 0 below -88, and what it
/// is at 88.3 beyond.
NNACTOR_INLINE float vector_exp(float x) {
  constexpr auto per_octave = 1.44269504f;     // 1 / ln 2
  constexpr auto octave_high = 0.693359375f;   // ln 2 in two parts, the first
  constexpr auto octave_low = -2.12194440e-4f; // of few bits
  constexpr auto to_integer = 12582912.0f;     // 1.5 * 2^23: no fraction left
  x = vector_select(x < -88.0f, -88.0f, x);    // Where the exponent becomes 0.
  x = vector_select(x > 88.3f, 88.3f, x);
  auto shifted = x * per_octave + to_integer;
  auto octaves = shifted - to_integer;
  auto rest = (x - octaves * octave_high) - octaves * octave_low;
  // Cephes, expf; in pairs, of which no one waits for the other.
  auto square = rest * rest;
  auto low = 1.6666665459e-1f * rest + 5.0000001201e-1f;
  auto middle = 8.3334519073e-3f * rest + 4.1665795894e-2f;
  auto high = 1.9875691500e-4f * rest + 1.3981999507e-3f;
  auto sum = low + square * (middle + square * high);
  sum = sum * square + (rest + 1.0f);
  auto exponent = std::bit_cast<uint32_t>(shifted)
                  - std::bit_cast<uint32_t>(to_integer) + 127u;
  return sum * std::bit_cast<float>(exponent << 23);
}

/// The largest of some values, among them a NaN whose sign is plus. As floats,
/// the order of comparisons would be part of the result, and so no vector.
NNACTOR_INLINE float vector_largest(const float* x, uint64_t count) {
  // To an integer whose order is that of the float, and back.
  auto ordered = [](int32_t bits) {
    return bits ^ ((bits >> 31) & 0x7fffffff);
  };
  auto best = std::numeric_limits<int32_t>::min();
  for (uint64_t i = 0; i < count; ++i)
    best = std::max(best, ordered(std::bit_cast<int32_t>(x[i])));
  return std::bit_cast<float>(ordered(best));
}

/// What an activation gives, and its slope.
struct value_and_slope {
  float value;
  float slope;
};

NNACTOR_INLINE value_and_slope vector_silu(float z) {
  auto gate = 1.0f / (1.0f + vector_exp(-z));
  return {z * gate, gate * (1.0f + z * (1.0f - gate))};
}

/// The error function after Abramowitz and Stegun, 7.1.26, whose error is below
/// 1.5e-7: the slope needs the same exponential.
NNACTOR_INLINE value_and_slope vector_gelu(float z) {
  constexpr auto root_of_half = 0.707106781f;
  constexpr auto density_at_0 = 0.398942280f;
  auto at = std::abs(z) * root_of_half;
  auto t = 1.0f / (1.0f + 0.3275911f * at);
  auto sum = 1.061405429f;
  sum = sum * t - 1.453152027f;
  sum = sum * t + 1.421413741f;
  sum = sum * t - 0.284496736f;
  sum = sum * t + 0.254829592f;
  auto bell = vector_exp(-at * at);
  auto tail = 0.5f * sum * t * bell; // What lies beyond |z|.
  auto distribution = vector_select(z < 0.0f, tail, 1.0f - tail);
  return {z * distribution, distribution + z * density_at_0 * bell};
}

} // namespace nnactor
