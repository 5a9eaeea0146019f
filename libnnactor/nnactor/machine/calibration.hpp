#pragma once

#include "nnactor/machine/topology.hpp"

#include <string>
#include <vector>

namespace nnactor {

/// How fast one core reads a working set of some size.
struct read_speed {
  uint64_t bytes = 0;
  double bytes_per_s = 0;
};

/// What one GPU does, measured; 0: it could not be used.
struct gpu_speed {
  double float32_flop_per_s = 0;
  double bfloat16_flop_per_s = 0;
  double cache_bytes_per_s = 0; ///< Of its L2, read and written.
  double memory_bytes_per_s = 0;
};

/// What one core and the GPUs of a machine do, measured.
struct calibration {
  std::vector<read_speed> reads;  ///< By size, ascending.
  double float32_flop_per_s = 0;  ///< Of a product of matrices.
  double bfloat16_flop_per_s = 0; ///< The same; 0: oneDNN cannot.
  double hop_us = 0;              ///< Between actors on two cores.
  std::vector<gpu_speed> gpus;    ///< By number.
};

/// Measures all but `hop_us`, on the first core; takes less than two seconds,
/// and one for each GPU.
calibration measure(const topology& where);

/// Text of a file that keeps what was measured on a machine.
std::string to_json(const topology& where, const calibration& what);

/// Fails with `ec::invalid_data` on what is no such text, and where it was
/// measured on another machine.
result<calibration> from_json(const topology& where, const std::string& text);

} // namespace nnactor
