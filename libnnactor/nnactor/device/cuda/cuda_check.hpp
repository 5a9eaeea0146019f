#pragma once

#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

namespace nnactor::cuda {

/// Throws `std::runtime_error` unless a call went well.
inline void check(cudaError_t status, const char* call) {
  if (status != cudaSuccess)
    throw std::runtime_error{std::string{call}
                             + " failed: " + cudaGetErrorString(status)};
}

} // namespace nnactor::cuda
