#include "nnactor/clones.hpp"
#include "nnactor/device/cpu/panel_kernels.hpp"

#include <immintrin.h>

#include <algorithm>
#include <bit>

namespace nnactor {

namespace {

constexpr uint64_t vectors = panel_units / 8; ///< Of 8 units in a panel.

float widened(uint16_t x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x) << 16);
}

/// Adds the bias to the sums of one panel for one row and puts them in place.
void finish(const float* sums, uint64_t panel, std::span<const float> b,
            std::span<float> z) {
  auto first = panel * panel_units;
  auto last = std::min(first + panel_units, z.size());
  for (auto u = first; u < last; ++u)
    z[u] = sums[u - first] + b[u];
}

/// The sums of one panel for one row: a pair of values is the lower and the
/// upper half of a 32-bit word, and the upper half of a float is its bfloat16.
__attribute__((target("avx2,fma"))) void multiply_panel(const uint16_t* x,
                                                        uint64_t columns,
                                                        const uint16_t* w,
                                                        float* sums) {
  __m256 all[vectors];
  NNACTOR_UNROLL
  for (auto& sum : all)
    sum = _mm256_setzero_ps();
  auto upper = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
  for (uint64_t c = 0; c < columns; c += 2) {
    auto even = _mm256_set1_ps(widened(x[c]));
    auto odd = _mm256_set1_ps(widened(x[c + 1]));
    const auto* pair = w + c * panel_units;
    NNACTOR_UNROLL
    for (uint64_t v = 0; v < vectors; ++v) {
      auto both =
          _mm256_load_si256(reinterpret_cast<const __m256i*>(pair + v * 16));
      auto first = _mm256_castsi256_ps(_mm256_slli_epi32(both, 16));
      auto second = _mm256_castsi256_ps(_mm256_and_si256(both, upper));
      all[v] = _mm256_fmadd_ps(first, even, all[v]);
      all[v] = _mm256_fmadd_ps(second, odd, all[v]);
    }
  }
  NNACTOR_UNROLL
  for (uint64_t v = 0; v < vectors; ++v)
    _mm256_store_ps(sums + v * 8, all[v]);
}

} // namespace

// Written as the compiler turns into vectors: NaN keeps its upper bits and
// becomes quiet, see `round_to_bfloat16`.
NNACTOR_CLONES("avx2", "default")
void round_plain(const float* from, uint64_t count, uint16_t* to) {
  for (uint64_t i = 0; i < count; ++i) {
    auto bits = std::bit_cast<uint32_t>(from[i]);
    auto nearest = bits + 0x7fffu + ((bits >> 16) & 1u);
    auto is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
    to[i] =
        static_cast<uint16_t>((is_nan ? bits | 0x00400000u : nearest) >> 16);
  }
}

void multiply_avx2(panel_rows x, const panels& w, std::span<const float> b,
                   mutable_matrix z) {
  alignas(64) float sums[panel_units];
  for (uint64_t p = 0; p < w.count(); ++p)
    for (uint64_t r = 0; r < x.count; ++r) {
      multiply_panel(x.data + r * w.padded_columns(), w.padded_columns(),
                     w.data + p * w.panel_size(), sums);
      finish(sums, p, b, z.row(r));
    }
}

void multiply_plain(panel_rows x, const panels& w, std::span<const float> b,
                    mutable_matrix z) {
  for (uint64_t p = 0; p < w.count(); ++p)
    for (uint64_t r = 0; r < x.count; ++r) {
      const auto* row = x.data + r * w.padded_columns();
      const auto* panel = w.data + p * w.panel_size();
      float sums[panel_units] = {};
      for (uint64_t c = 0; c < w.columns; ++c)
        for (uint64_t u = 0; u < panel_units; ++u)
          sums[u] += widened(row[c])
                     * widened(panel[(c / 2 * panel_units + u) * 2 + c % 2]);
      finish(sums, p, b, z.row(r));
    }
}

} // namespace nnactor
