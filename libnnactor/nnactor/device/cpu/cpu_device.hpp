#pragma once

#include "nnactor/device/device.hpp"

#include <functional>
#include <memory>

namespace nnactor {

/// Plain loops in the order of the formulas, for tests to compare with.
std::unique_ptr<device> make_reference_device();

/// One core through oneDNN, whose kernels are chosen at run time.
std::unique_ptr<device> make_cpu_device();

/// A product of bfloat16 matrices, [rows, depth] and [depth, columns], all of
/// zeros, with weights in the format that oneDNN likes best; for measurements.
/// @throws std::runtime_error where oneDNN cannot
std::function<void()> make_bfloat16_product(uint64_t rows, uint64_t depth,
                                            uint64_t columns);

} // namespace nnactor
