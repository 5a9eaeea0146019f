#include "nnactor/device/cpu/row_products.hpp"

#include <immintrin.h>

#define NNACTOR_TARGET __attribute__((target("avx2,fma")))
#define NNACTOR_TARGET_INLINE                                                  \
  inline __attribute__((always_inline, target("avx2,fma")))

namespace nnactor {

namespace {

using vector = __m256;

constexpr uint64_t width = 8; ///< Values of a vector.

// Of 16 registers, 12 are for sums.
constexpr int dot_rows = 3;
constexpr int dot_units(int rows) {
  return rows == 1 ? 4 : 2;
}
constexpr int sum_rows = 6;

NNACTOR_TARGET_INLINE vector zero() {
  return _mm256_setzero_ps();
}

NNACTOR_TARGET_INLINE vector broadcast(float x) {
  return _mm256_set1_ps(x);
}

NNACTOR_TARGET_INLINE vector load(const float* x) {
  return _mm256_loadu_ps(x);
}

NNACTOR_TARGET_INLINE void store(float* to, vector x) {
  _mm256_storeu_ps(to, x);
}

/// @pre `count` is at most the width
NNACTOR_TARGET_INLINE __m256i first_lanes(uint64_t count) {
  static constexpr int all[2 * width] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256(
      reinterpret_cast<const __m256i*>(all + width - count));
}

NNACTOR_TARGET_INLINE vector load_first(const float* x, uint64_t count) {
  return _mm256_maskload_ps(x, first_lanes(count));
}

NNACTOR_TARGET_INLINE void store_first(float* to, uint64_t count, vector x) {
  _mm256_maskstore_ps(to, first_lanes(count), x);
}

/// x y + z
NNACTOR_TARGET_INLINE vector fused(vector x, vector y, vector z) {
  return _mm256_fmadd_ps(x, y, z);
}

/// As `sum_of_lanes`.
NNACTOR_TARGET_INLINE float sum_of(const vector (&x)[2]) {
  auto eight = _mm256_add_ps(x[0], x[1]);
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

void multiply_rows_avx2(const row_dots& of) {
  multiply_in_tiles(of);
}

void add_up_rows_avx2(const row_sums& of) {
  add_up_in_tiles(of);
}

} // namespace nnactor
