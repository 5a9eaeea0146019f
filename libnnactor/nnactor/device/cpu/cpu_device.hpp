#pragma once

#include "nnactor/device/device.hpp"

#include <memory>

namespace nnactor {

/// Plain loops in the order of the formulas, for tests to compare with.
std::unique_ptr<device> make_reference_device();

/// One core through oneDNN, whose kernels are chosen at run time.
std::unique_ptr<device> make_cpu_device();

} // namespace nnactor
