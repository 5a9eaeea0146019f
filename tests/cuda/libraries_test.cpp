// Compiled where there is CUDA; needs no GPU.
#include "nnactor/device/cuda/cublaslt.hpp"
#include "nnactor/device/cuda/kernels.hpp"
#include "support/devices.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace nnactor;

TEST_CASE("cuBLASLt has every function that is asked for") {
  try {
    auto& found = cuda::load_cublaslt();
    CHECK(found.explain(CUBLAS_STATUS_SUCCESS) != nullptr);
    CHECK_NOTHROW(cuda::check(CUBLAS_STATUS_SUCCESS, "a product"));
    CHECK_THROWS_WITH(cuda::check(CUBLAS_STATUS_NOT_SUPPORTED, "a product"),
                      doctest::Contains("a product failed: "));
  } catch (const std::runtime_error& what) {
    std::string why = what.what();
    REQUIRE(why.find("which is not found: install") != std::string::npos);
    MESSAGE("skipped: " << why);
  }
}

TEST_CASE("a kernel that cannot be started says so") {
  if (first_gpu()) {
    MESSAGE("skipped: this machine has a GPU that starts them");
    return;
  }
  for (auto k = static_cast<uint32_t>(gpu::kernel::product) + 1;
       k <= static_cast<uint32_t>(gpu::kernel::adam); ++k) {
    gpu::command x{.what = static_cast<gpu::kernel>(k), .size = {1, 1, 1, 1}};
    CHECK_THROWS_WITH(cuda::launch(x, nullptr),
                      doctest::Contains("starting a kernel failed: "));
  }
}
