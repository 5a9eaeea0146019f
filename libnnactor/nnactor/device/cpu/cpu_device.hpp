#pragma once

#include "nnactor/device/device.hpp"

#include <functional>
#include <memory>

namespace nnactor {

/// Plain loops in the order of the formulas, for tests to compare with.
std::unique_ptr<device> make_reference_device();

/// One core through oneDNN, whose kernels are chosen at run time.
std::unique_ptr<device> make_cpu_device();

/// A product of matrices in bfloat16, [rows, depth] and [depth, columns], all
/// of zeros, by oneDNN alone: the first is rounded from float32, the second is
/// in the format that it likes best; sums are float32. For measurements.
/// @throws std::runtime_error where oneDNN cannot
std::function<void()> make_bfloat16_product(uint64_t rows, uint64_t depth,
                                            uint64_t columns);

} // namespace nnactor
