// Compiled where CUDA is found.
#include "nnactor/machine/topology.hpp"

#include <cuda_runtime_api.h>

namespace nnactor {

std::vector<gpu_info> find_gpus() {
  int count = 0;
  // Without a driver or a GPU this fails, and there is none.
  if (cudaGetDeviceCount(&count) != cudaSuccess)
    return {};
  std::vector<gpu_info> out;
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp about{};
    if (cudaGetDeviceProperties(&about, i) != cudaSuccess)
      continue;
    out.push_back({about.name, static_cast<uint32_t>(about.multiProcessorCount),
                   static_cast<uint64_t>(about.l2CacheSize),
                   about.totalGlobalMem});
  }
  return out;
}

} // namespace nnactor
