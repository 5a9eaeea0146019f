#include "nnactor/device/cpu/row_products.hpp"

#include <immintrin.h>

#define NNACTOR_TARGET __attribute__((target("avx512f,avx512dq")))
#define NNACTOR_TARGET_INLINE                                                  \
  inline __attribute__((always_inline, target("avx512f,avx512dq")))

namespace nnactor {

namespace {

using vector = __m512;

constexpr uint64_t width = 16; ///< Values of a vector.

// Of 32 registers.
constexpr int dot_rows = 4;
constexpr int dot_units(int rows) {
  return rows == 1 ? 8 : 4;
}
constexpr int sum_rows = 12;

NNACTOR_TARGET_INLINE vector zero() {
  return _mm512_setzero_ps();
}

NNACTOR_TARGET_INLINE vector broadcast(float x) {
  return _mm512_set1_ps(x);
}

NNACTOR_TARGET_INLINE vector load(const float* x) {
  return _mm512_loadu_ps(x);
}

NNACTOR_TARGET_INLINE void store(float* to, vector x) {
  _mm512_storeu_ps(to, x);
}

/// @pre `count` is at most the width
NNACTOR_TARGET_INLINE __mmask16 first_lanes(uint64_t count) {
  return static_cast<__mmask16>((uint32_t{1} << count) - 1);
}

NNACTOR_TARGET_INLINE vector load_first(const float* x, uint64_t count) {
  return _mm512_maskz_loadu_ps(first_lanes(count), x);
}

NNACTOR_TARGET_INLINE void store_first(float* to, uint64_t count, vector x) {
  _mm512_mask_storeu_ps(to, first_lanes(count), x);
}

/// x y + z
NNACTOR_TARGET_INLINE vector fused(vector x, vector y, vector z) {
  return _mm512_fmadd_ps(x, y, z);
}

/// As `sum_of_lanes`.
NNACTOR_TARGET_INLINE float sum_of(const vector (&x)[1]) {
  // With zeros where there is no half: GCC 12 warns of what it leaves
  // undefined.
  auto eight = _mm256_add_ps(_mm512_maskz_extractf32x8_ps(0xff, x[0], 0),
                             _mm512_maskz_extractf32x8_ps(0xff, x[0], 1));
  auto four = _mm_add_ps(_mm256_castps256_ps128(eight),
                         _mm256_extractf128_ps(eight, 1));
  auto two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

} // namespace

} // namespace nnactor

#include "nnactor/device/cpu/row_dot_tiles.hpp"
#include "nnactor/device/cpu/row_sum_tiles.hpp"

namespace nnactor {

void multiply_rows_avx512(const row_dots& of) {
  multiply_in_tiles(of);
}

void add_up_rows_avx512(const row_sums& of) {
  add_up_in_tiles(of);
}

} // namespace nnactor
