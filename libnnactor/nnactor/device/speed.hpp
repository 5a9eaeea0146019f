#pragma once

#include "nnactor/device/device.hpp"

#include <chrono>

namespace nnactor {

/// A dense layer for so many rows.
struct product_size {
  // A micro-batch of a middling layer.
  uint64_t rows = 128;
  uint64_t inputs = 256;
  uint64_t units = 256;

  double flop() const {
    return 2.0 * static_cast<double>(rows * inputs * units);
  }
};

/// Measures what a device does of the work that training is made of, a product
/// of two matrices, in flop/s; takes little longer than `time`.
double measure_speed(device& dev, product_size of = {},
                     std::chrono::milliseconds time = std::chrono::milliseconds{
                         40});

/// The same of packed weights, in bfloat16.
double measure_packed_speed(
    device& dev, product_size of = {},
    std::chrono::milliseconds time = std::chrono::milliseconds{40});

/// At which a device reads and writes so many bytes of its memory again and
/// again, in bytes/s.
double measure_memory_speed(device& dev, size_t bytes);

} // namespace nnactor
