#pragma once

#include <chrono>

namespace nnactor {

/// What benchmarks take their times by.
using stopwatch = std::chrono::steady_clock;

inline double seconds_since(stopwatch::time_point start) {
  return std::chrono::duration<double>(stopwatch::now() - start).count();
}

} // namespace nnactor
