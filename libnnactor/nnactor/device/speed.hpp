#pragma once

#include "nnactor/device/device.hpp"

namespace nnactor {

/// Measures what a device does of the work that training is made of, a product
/// of two matrices, in Mflop/s; takes some tens of milliseconds.
uint64_t measure_speed(device& dev);

/// The same of packed weights, in bfloat16.
uint64_t measure_packed_speed(device& dev);

} // namespace nnactor
