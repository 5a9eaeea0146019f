#pragma once

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/device/cuda/cuda_launcher.hpp"
#include "nnactor/device/gpu/emulator.hpp"
#include "nnactor/device/gpu/gpu_device.hpp"

#include <memory>
#include <vector>

namespace nnactor {

/// The first GPU of this machine; null, and a line that says so once, where
/// there is none.
inline std::shared_ptr<gpu::launcher> first_gpu() {
  static const auto found = [] {
    auto gpu = make_cuda_launcher(0);
    if (gpu)
      return *gpu;
    fmt::print(stderr, "skipped, CUDA is not tested: {}\n",
               explain(gpu.error()));
    return std::shared_ptr<gpu::launcher>{};
  }();
  return found;
}

/// Every device that can be had here, the reference first; what is true of one
/// must be true of the others. A GPU is emulated, and there where there is one.
inline std::vector<std::unique_ptr<device>> all_devices() {
  std::vector<std::unique_ptr<device>> all;
  all.push_back(make_reference_device());
  all.push_back(make_cpu_device());
  all.push_back(make_gpu_device(make_emulator()));
  if (auto gpu = first_gpu())
    all.push_back(make_gpu_device(gpu));
  return all;
}

} // namespace nnactor
