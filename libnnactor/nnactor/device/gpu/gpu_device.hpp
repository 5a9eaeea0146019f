#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/device/gpu/launcher.hpp"

#include <memory>

namespace nnactor {

/// A GPU. Kernels are collected and started together where a block ends; what
/// lies in its memory stays there, see `device::away`.
std::unique_ptr<device> make_gpu_device(std::shared_ptr<gpu::launcher> with);

} // namespace nnactor
