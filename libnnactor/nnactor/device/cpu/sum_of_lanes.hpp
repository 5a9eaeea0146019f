#pragma once

#include "nnactor/device/cpu/vector_formulas.hpp"

#include <cstdint>

namespace nnactor {

/// Sums of a row run in lanes, which are joined as a tree: the same on every
/// processor.
inline constexpr uint64_t lanes = 16;

NNACTOR_INLINE float sum_of_lanes(float (&x)[lanes]) {
  for (auto half = lanes / 2; half > 0; half /= 2)
    for (uint64_t lane = 0; lane < half; ++lane)
      x[lane] += x[lane + half];
  return x[0];
}

} // namespace nnactor
