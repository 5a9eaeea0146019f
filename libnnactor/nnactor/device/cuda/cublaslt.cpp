#include "nnactor/device/cuda/cublaslt.hpp"

#include <fmt/format.h>

#include <dlfcn.h>

#include <stdexcept>

namespace nnactor::cuda {

namespace {

// Where the loader looks first; then where CUDA installs itself.
void* open_library() {
  auto name = fmt::format("libcublasLt.so.{}", CUBLAS_VER_MAJOR);
  for (const auto* folder : {"", "/usr/local/cuda/lib64/"})
    if (auto* found = dlopen((folder + name).c_str(), RTLD_NOW | RTLD_LOCAL))
      return found;
  throw std::runtime_error{fmt::format(
      "a GPU needs {}, which is not found: install cuBLAS {}, or name its "
      "folder in LD_LIBRARY_PATH",
      name, CUBLAS_VER_MAJOR)};
}

template <class F>
void find(void* library, const char* name, F& into) {
  into = reinterpret_cast<F>(dlsym(library, name));
  if (into == nullptr)
    throw std::runtime_error{
        fmt::format("cuBLASLt has no {}: it is too old or too new", name)};
}

cublaslt load() {
  auto* library = open_library();
  cublaslt out{};
  find(library, "cublasLtCreate", out.create);
  find(library, "cublasLtDestroy", out.destroy);
  find(library, "cublasLtMatmulDescCreate", out.make_product);
  find(library, "cublasLtMatmulDescDestroy", out.drop_product);
  find(library, "cublasLtMatmulDescSetAttribute", out.set_product);
  find(library, "cublasLtMatrixLayoutCreate", out.make_layout);
  find(library, "cublasLtMatrixLayoutDestroy", out.drop_layout);
  find(library, "cublasLtMatmulPreferenceCreate", out.make_preference);
  find(library, "cublasLtMatmulPreferenceDestroy", out.drop_preference);
  find(library, "cublasLtMatmulPreferenceSetAttribute", out.set_preference);
  find(library, "cublasLtMatmulAlgoGetHeuristic", out.choose);
  find(library, "cublasLtMatmul", out.multiply);
  find(library, "cublasLtGetStatusString", out.explain);
  return out;
}

} // namespace

const cublaslt& load_cublaslt() {
  static const auto loaded = load();
  return loaded;
}

void check(cublasStatus_t status, const char* call) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw std::runtime_error{
        fmt::format("{} failed: {}", call, load_cublaslt().explain(status))};
}

} // namespace nnactor::cuda
