#include "nnactor/device/cpu/small_products.hpp"

#include "nnactor/device/cpu/panel_kernels.hpp"

#include <immintrin.h>

namespace nnactor {

namespace {

using small_product_function = void (*)(const small_product&);

small_product_function fastest_small_product() {
  switch (panel_kernels().back()) {
  case panel_kernel::plain:
    return multiply_small_plain;
  case panel_kernel::avx2:
    return multiply_small_avx2;
  case panel_kernel::avx512:
  case panel_kernel::amx:
    return multiply_small_avx512;
  }
  return multiply_small_plain;
}

#define NNACTOR_AVX2 __attribute__((target("avx2,fma")))
#define NNACTOR_AVX512 __attribute__((target("avx512f")))

/// Rows of which an AVX2 processor has registers for the sums.
constexpr uint64_t avx2_rows = 4;

/// Four rows by 16 columns.
NNACTOR_AVX2 void multiply_tile_avx2(const small_product& x, uint64_t i,
                                     uint64_t j) {
  const auto* a = x.a + i * x.a_row;
  const auto* b = x.b + j;
  auto* c = x.c + i * x.c_row + j;
  __m256 sums[avx2_rows][2];
  NNACTOR_UNROLL
  for (uint64_t r = 0; r < avx2_rows; ++r) {
    auto* row = c + r * x.c_row;
    sums[r][0] = x.accumulate ? _mm256_loadu_ps(row) : _mm256_setzero_ps();
    sums[r][1] = x.accumulate ? _mm256_loadu_ps(row + 8) : _mm256_setzero_ps();
  }
  for (uint64_t l = 0; l < x.k; ++l) {
    auto first = _mm256_loadu_ps(b + l * x.b_row);
    auto second = _mm256_loadu_ps(b + l * x.b_row + 8);
    NNACTOR_UNROLL
    for (uint64_t r = 0; r < avx2_rows; ++r) {
      auto value = _mm256_set1_ps(a[r * x.a_row + l * x.a_column]);
      sums[r][0] = _mm256_fmadd_ps(value, first, sums[r][0]);
      sums[r][1] = _mm256_fmadd_ps(value, second, sums[r][1]);
    }
  }
  NNACTOR_UNROLL
  for (uint64_t r = 0; r < avx2_rows; ++r) {
    _mm256_storeu_ps(c + r * x.c_row, sums[r][0]);
    _mm256_storeu_ps(c + r * x.c_row + 8, sums[r][1]);
  }
}

/// Eight rows by 16 columns.
NNACTOR_AVX512 void multiply_tile_avx512(const small_product& x, uint64_t i,
                                         uint64_t j) {
  const auto* a = x.a + i * x.a_row;
  const auto* b = x.b + j;
  auto* c = x.c + i * x.c_row + j;
  __m512 sums[small_rows];
  NNACTOR_UNROLL
  for (uint64_t r = 0; r < small_rows; ++r)
    sums[r] =
        x.accumulate ? _mm512_loadu_ps(c + r * x.c_row) : _mm512_setzero_ps();
  for (uint64_t l = 0; l < x.k; ++l) {
    auto columns = _mm512_loadu_ps(b + l * x.b_row);
    NNACTOR_UNROLL
    for (uint64_t r = 0; r < small_rows; ++r)
      sums[r] = _mm512_fmadd_ps(_mm512_set1_ps(a[r * x.a_row + l * x.a_column]),
                                columns, sums[r]);
  }
  NNACTOR_UNROLL
  for (uint64_t r = 0; r < small_rows; ++r)
    _mm512_storeu_ps(c + r * x.c_row, sums[r]);
}

} // namespace

void multiply_small(const small_product& x) {
  static const auto fastest = fastest_small_product();
  fastest(x);
}

// All rows take the same columns of b, which stay in the innermost cache.

NNACTOR_AVX2 void multiply_small_avx2(const small_product& x) {
  for (uint64_t j = 0; j < x.n; j += small_columns)
    for (uint64_t i = 0; i < x.m; i += avx2_rows)
      multiply_tile_avx2(x, i, j);
}

NNACTOR_AVX512 void multiply_small_avx512(const small_product& x) {
  for (uint64_t j = 0; j < x.n; j += small_columns)
    for (uint64_t i = 0; i < x.m; i += small_rows)
      multiply_tile_avx512(x, i, j);
}

void multiply_small_plain(const small_product& x) {
  for (uint64_t i = 0; i < x.m; ++i)
    for (uint64_t j = 0; j < x.n; j += small_columns) {
      auto* c = x.c + i * x.c_row + j;
      float sums[small_columns] = {};
      for (uint64_t column = 0; x.accumulate && column < small_columns;
           ++column)
        sums[column] = c[column];
      for (uint64_t l = 0; l < x.k; ++l)
        for (uint64_t column = 0; column < small_columns; ++column)
          sums[column] +=
              x.a[i * x.a_row + l * x.a_column] * x.b[l * x.b_row + j + column];
      for (uint64_t column = 0; column < small_columns; ++column)
        c[column] = sums[column];
    }
}

} // namespace nnactor
