#pragma once

#include <cstdint>

namespace nnactor {

// Products of matrices of float32 that caches hold, such as those of one head
// of attention. For these, packing and dispatch of a library take as long as
// the product.

inline constexpr uint64_t small_rows = 8;
inline constexpr uint64_t small_columns = 16;

/// c[m,n] = a[m,k] b[k,n], or c += a b. Each value is summed up in the order of
/// k, so it depends on its row of a and its column of b alone.
struct small_product {
  const float* a = nullptr;
  uint64_t a_row = 0;    ///< Values from one row of a to the next,
  uint64_t a_column = 1; ///< and from one column to the next.
  const float* b = nullptr;
  uint64_t b_row = 0;
  float* c = nullptr;
  uint64_t c_row = 0;
  uint64_t m = 0, n = 0, k = 0;
  bool accumulate = false;
};

/// By the fastest instructions that this processor has and oneDNN may use.
/// @pre `m` is a multiple of `small_rows`, `n` one of `small_columns`
void multiply_small(const small_product& x);

// Private to this folder: one function an instruction set.

void multiply_small_plain(const small_product& x);
void multiply_small_avx2(const small_product& x);
void multiply_small_avx512(const small_product& x);

} // namespace nnactor
