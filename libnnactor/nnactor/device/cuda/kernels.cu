#include "nnactor/device/cuda/kernels.hpp"

#include "nnactor/device/cuda/cuda_check.hpp"
#include "nnactor/device/gpu/bodies.hpp"

namespace nnactor::cuda {

namespace {

/// The threads of a block; see `task.hpp`.
class block_lanes {
public:
  NNACTOR_EVERYWHERE explicit block_lanes(double* box) : box_(box) {
  }

  template <class F>
  NNACTOR_EVERYWHERE void each(uint64_t n, F f) {
#ifdef __CUDA_ARCH__
    for (uint64_t i = threadIdx.x; i < n; i += gpu::lane_count)
      f(i);
    __syncthreads();
#endif
  }

  template <class F>
  NNACTOR_EVERYWHERE bool any(uint64_t n, F f) {
#ifdef __CUDA_ARCH__
    auto found = false;
    for (uint64_t i = threadIdx.x; i < n; i += gpu::lane_count)
      found = f(i) || found;
    return __syncthreads_or(found) != 0;
#else
    return false;
#endif
  }

  template <class T>
  NNACTOR_EVERYWHERE T* scratch() {
    static_assert(sizeof(T) * gpu::lane_count
                  <= sizeof(double) * gpu::scratch_doubles);
    return reinterpret_cast<T*>(box_);
  }

private:
  double* box_;
};

template <gpu::kernel K>
__global__ void __launch_bounds__(gpu::lane_count) run(gpu::command what) {
  __shared__ double box[gpu::scratch_doubles];
  block_lanes lanes{box};
  body(gpu::of<K>{}, what, blockIdx.x, lanes);
}

} // namespace

void launch(const gpu::command& what, cudaStream_t in) {
  auto tasks = static_cast<unsigned>(gpu::tasks_of(what));
  gpu::with_constant(what.what, [&](auto k) {
    constexpr auto which = decltype(k)::value;
    run<which><<<tasks, gpu::lane_count, 0, in>>>(what);
  });
  check(cudaGetLastError(), "starting a kernel");
}

} // namespace nnactor::cuda
