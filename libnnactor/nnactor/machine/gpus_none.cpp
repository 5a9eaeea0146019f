// Compiled where there is no CUDA.
#include "nnactor/machine/topology.hpp"

namespace nnactor {

std::vector<gpu_info> find_gpus() {
  return {};
}

} // namespace nnactor
