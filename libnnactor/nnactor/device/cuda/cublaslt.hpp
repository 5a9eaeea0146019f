#pragma once

#include <cublasLt.h>

namespace nnactor::cuda {

/// The functions of cuBLASLt that we call, from the library that is found when
/// the program runs.
struct cublaslt {
  decltype(&cublasLtCreate) create;
  decltype(&cublasLtDestroy) destroy;
  decltype(&cublasLtMatmulDescCreate) make_product;
  decltype(&cublasLtMatmulDescDestroy) drop_product;
  decltype(&cublasLtMatmulDescSetAttribute) set_product;
  decltype(&cublasLtMatrixLayoutCreate) make_layout;
  decltype(&cublasLtMatrixLayoutDestroy) drop_layout;
  decltype(&cublasLtMatmulPreferenceCreate) make_preference;
  decltype(&cublasLtMatmulPreferenceDestroy) drop_preference;
  decltype(&cublasLtMatmulPreferenceSetAttribute) set_preference;
  decltype(&cublasLtMatmulAlgoGetHeuristic) choose;
  decltype(&cublasLtMatmul) multiply;
  decltype(&cublasLtGetStatusString) explain;
};

/// Throws `std::runtime_error` where the library is missing.
const cublaslt& load_cublaslt();

/// Throws `std::runtime_error` unless a call went well.
void check(cublasStatus_t status, const char* call);

} // namespace nnactor::cuda
