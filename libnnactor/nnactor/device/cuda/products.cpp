#include "nnactor/device/cuda/products.hpp"

#include "nnactor/device/cuda/cublaslt.hpp"
#include "nnactor/device/cuda/cuda_check.hpp"
#include "nnactor/device/cuda/kernels.hpp"
#include "nnactor/network/activation.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace nnactor::cuda {

namespace {

// As large as products on Hopper have use for.
constexpr size_t workspace_bytes = 32 << 20;

/// What does not depend on where the matrices lie.
using form = std::tuple<uint64_t, uint64_t, uint64_t, uint64_t, bool>;

form form_of(const gpu::product& x) {
  auto command = gpu::to_command(x);
  return {x.m, x.n, x.k, command.size[3], x.bias != nullptr};
}

cublasLtEpilogue_t epilogue_of(const gpu::product& x) {
  if (x.bias != nullptr)
    return x.relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS;
  return x.relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT;
}

/// What a function of cuBLASLt drops.
template <class Handle>
using owned =
    std::unique_ptr<std::remove_pointer_t<Handle>, cublasStatus_t (*)(Handle)>;

/// cuBLASLt counts columns first: a row-major matrix is the transposed one to
/// it, so c = a b is asked for as c^T = b^T a^T.
class plan {
public:
  plan(const cublaslt& by, cublasLtHandle_t handle, const gpu::product& x,
       bool fused)
      : by_(by), fused_(fused), product_(make_product()),
        a_(make_layout(x, x.a_transposed, x.m, x.k)),
        b_(make_layout(x, x.b_transposed, x.k, x.n)),
        c_(make_layout({}, false, x.m, x.n)) {
    set(CUBLASLT_MATMUL_DESC_TRANSA,
        x.b_transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB,
        x.a_transposed ? CUBLAS_OP_T : CUBLAS_OP_N);
    if (fused) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue_of(x));
      set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F);
    }
    choose(handle);
  }

  /// Whether cuBLASLt can.
  bool possible() const {
    return possible_;
  }

  void run(cublasLtHandle_t handle, const gpu::product& x, void* workspace,
           cudaStream_t in) {
    if (x.bias != nullptr && !fused_)
      launch({.what = gpu::kernel::fill_rows,
              .data = {x.bias, x.c},
              .size = {x.m * x.n, x.n}},
             in);
    if (x.bias != nullptr && fused_)
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void*>(x.bias));
    auto alpha = 1.0f;
    auto beta = x.accumulate || (x.bias != nullptr && !fused_) ? 1.0f : 0.0f;
    check(by_.multiply(handle, product_.get(), &alpha, x.b, b_.get(), x.a,
                       a_.get(), &beta, x.c, c_.get(), x.c, c_.get(),
                       &algorithm_, workspace, workspace_bytes, in),
          "a product");
    if (x.relu && !fused_)
      launch({.what = gpu::kernel::activate,
              .data = {x.c, x.c},
              .size = {x.m * x.n, static_cast<uint64_t>(activation::relu)}},
             in);
  }

private:
  template <class T>
  void set(cublasLtMatmulDescAttributes_t what, const T& value) {
    check(by_.set_product(product_.get(), what, &value, sizeof(value)),
          "describing a product");
  }

  owned<cublasLtMatmulDesc_t> make_product() const {
    cublasLtMatmulDesc_t made = nullptr;
    check(by_.make_product(&made, CUBLAS_COMPUTE_32F, CUDA_R_32F),
          "describing a product");
    return {made, by_.drop_product};
  }

  owned<cublasLtMatrixLayout_t> make_layout(const gpu::product& of,
                                            bool transposed, uint64_t rows,
                                            uint64_t columns) const {
    if (transposed)
      std::swap(rows, columns);
    cublasLtMatrixLayout_t made = nullptr;
    check(by_.make_layout(&made, of.bfloat16 ? CUDA_R_16BF : CUDA_R_32F,
                          columns, rows, static_cast<int64_t>(columns)),
          "describing a matrix");
    return {made, by_.drop_layout};
  }

  void choose(cublasLtHandle_t handle) {
    cublasLtMatmulPreference_t made = nullptr;
    check(by_.make_preference(&made), "choosing a kernel");
    owned<cublasLtMatmulPreference_t> until_the_end{made, by_.drop_preference};
    check(by_.set_preference(made, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                             &workspace_bytes, sizeof(workspace_bytes)),
          "choosing a kernel");
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    auto status = by_.choose(handle, product_.get(), b_.get(), a_.get(),
                             c_.get(), c_.get(), made, 1, &found, &count);
    possible_ = status == CUBLAS_STATUS_SUCCESS && count > 0;
    algorithm_ = found.algo;
  }

  const cublaslt& by_;
  bool fused_; ///< Bias and relu are part of the product.
  bool possible_ = false;
  owned<cublasLtMatmulDesc_t> product_;
  owned<cublasLtMatrixLayout_t> a_, b_, c_;
  cublasLtMatmulAlgo_t algorithm_{};
};

} // namespace

struct products::impl {
  impl()
      : by(load_cublaslt()), handle(start(by)),
        workspace(allocate_workspace(), cudaFree) {
  }

  static owned<cublasLtHandle_t> start(const cublaslt& by) {
    cublasLtHandle_t made = nullptr;
    check(by.create(&made), "starting cuBLASLt");
    return {made, by.destroy};
  }

  static void* allocate_workspace() {
    void* out = nullptr;
    check(cudaMalloc(&out, workspace_bytes), "allocating a workspace");
    return out;
  }

  plan& find(const gpu::product& x) {
    // Training uses a handful of shapes; questions of ever new sizes get here.
    constexpr size_t most_plans = 1024;
    auto key = form_of(x);
    if (auto at = plans.find(key); at != plans.end())
      return *at->second;
    if (plans.size() >= most_plans)
      plans.clear();
    auto made = std::make_unique<plan>(by, handle.get(), x, true);
    if (!made->possible())
      made = std::make_unique<plan>(by, handle.get(), x, false);
    if (!made->possible())
      throw std::runtime_error{
          "cuBLASLt has no kernel for a product of [" + std::to_string(x.m)
          + ", " + std::to_string(x.k) + "] and [" + std::to_string(x.k) + ", "
          + std::to_string(x.n) + "]"};
    return *plans.emplace(key, std::move(made)).first->second;
  }

  const cublaslt& by;
  owned<cublasLtHandle_t> handle;
  std::unique_ptr<void, cudaError_t (*)(void*)> workspace;
  std::map<form, std::unique_ptr<plan>> plans;
};

products::products() : impl_(std::make_unique<impl>()) {
}

products::~products() = default;

void products::run(const gpu::product& what, cudaStream_t in) {
  impl_->find(what).run(impl_->handle.get(), what, impl_->workspace.get(), in);
}

} // namespace nnactor::cuda
