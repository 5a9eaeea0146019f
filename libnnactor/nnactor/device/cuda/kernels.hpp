#pragma once

#include "nnactor/device/gpu/command.hpp"

#include <cuda_runtime_api.h>

namespace nnactor::cuda {

/// Starts a kernel of our own. Throws `std::runtime_error`.
/// @pre it is no product
void launch(const gpu::command& what, cudaStream_t in);

} // namespace nnactor::cuda
