// Compiled where there is no CUDA.
#include "nnactor/device/cuda/cuda_launcher.hpp"

namespace nnactor {

result<std::shared_ptr<gpu::launcher>> make_cuda_launcher(uint32_t index) {
  return fail(ec::invalid_argument,
              "there is no gpu:{}: this program was built without CUDA; build "
              "it where nvcc is",
              index);
}

} // namespace nnactor
