#pragma once

#include "nnactor/device/gpu/launcher.hpp"
#include "nnactor/error.hpp"

namespace nnactor {

/// One NVIDIA GPU of this machine, by the number that CUDA gives it. Products
/// are cuBLASLt's, which is looked for when the first GPU is asked for: it is
/// half a gigabyte that others need not have. Fails with `ec::invalid_argument`
/// where there is no such GPU, or the program was built without CUDA.
result<std::shared_ptr<gpu::launcher>> make_cuda_launcher(uint32_t index);

} // namespace nnactor
