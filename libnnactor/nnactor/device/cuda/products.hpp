#pragma once

#include "nnactor/device/gpu/command.hpp"

#include <cuda_runtime_api.h>

#include <memory>

namespace nnactor::cuda {

/// Products of matrices on the current GPU, by cuBLASLt, sums in float32. How
/// to compute a product is chosen once a shape, so that it is always computed
/// the same way.
class products {
public:
  /// Throws `std::runtime_error`, as all of it does.
  products();

  ~products();

  void run(const gpu::product& what, cudaStream_t in);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace nnactor::cuda
