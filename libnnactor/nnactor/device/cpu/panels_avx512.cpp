#include "nnactor/device/cpu/panel_kernels.hpp"

#include <immintrin.h>

#include <algorithm>

#define NNACTOR_AVX512                                                         \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

namespace nnactor {

namespace {

constexpr uint64_t vectors = panel_units / 16; ///< Of 16 units in a panel.

/// How far weights are fetched ahead, in values: 4 KiB.
constexpr uint64_t ahead = 2048;

NNACTOR_AVX512 __m512bh bits(__m512i x) {
  return reinterpret_cast<__m512bh>(x);
}

/// The units of a panel that there are, 16 a mask.
NNACTOR_AVX512 __mmask16 present(uint64_t units, uint64_t panel, uint64_t v) {
  auto first = panel * panel_units + v * 16;
  auto left = units > first ? std::min<uint64_t>(units - first, 16) : 0;
  return static_cast<__mmask16>((uint32_t{1} << left) - 1);
}

/// One panel for `Rows` rows. `Chains` sums run side by side for each, so that
/// none waits for the product before it.
template <int Rows, int Chains>
NNACTOR_AVX512 void multiply_panel(const uint16_t* x, const panels& w,
                                   uint64_t panel, const float* b,
                                   const mutable_matrix& z, uint64_t first) {
  auto stride = w.padded_columns();
  const auto* weights_at = w.data + panel * w.panel_size();
  __m512 all[Chains][Rows][vectors];
  NNACTOR_UNROLL
  for (auto& chain : all) {
    NNACTOR_UNROLL
    for (auto& row : chain) {
      NNACTOR_UNROLL
      for (auto& sum : row)
        sum = _mm512_setzero_ps();
    }
  }
  for (uint64_t c = 0; c < stride; c += 2 * Chains) {
    NNACTOR_UNROLL
    for (uint64_t chain = 0; chain < Chains; ++chain) {
      const auto* pair = weights_at + (c / 2 + chain) * panel_units * 2;
      __m512i weights[vectors];
      NNACTOR_UNROLL
      for (uint64_t v = 0; v < vectors; ++v) {
        _mm_prefetch(pair + v * 32 + ahead, _MM_HINT_T0);
        weights[v] = _mm512_load_si512(pair + v * 32);
      }
      NNACTOR_UNROLL
      for (uint64_t r = 0; r < Rows; ++r) {
        const auto* at = x + r * stride + c + 2 * chain;
        auto value = _mm512_set1_epi32(*reinterpret_cast<const int*>(at));
        NNACTOR_UNROLL
        for (uint64_t v = 0; v < vectors; ++v)
          all[chain][r][v] =
              _mm512_dpbf16_ps(all[chain][r][v], bits(weights[v]), bits(value));
      }
    }
  }
  NNACTOR_UNROLL
  for (uint64_t v = 0; v < vectors; ++v) {
    auto mask = present(w.units, panel, v);
    auto column = panel * panel_units + v * 16;
    auto bias = _mm512_maskz_loadu_ps(mask, b + column);
    NNACTOR_UNROLL
    for (uint64_t r = 0; r < Rows; ++r) {
      auto sum = all[0][r][v];
      NNACTOR_UNROLL
      for (int chain = 1; chain < Chains; ++chain)
        sum = _mm512_add_ps(sum, all[chain][r][v]);
      _mm512_mask_storeu_ps(z.data + (first + r) * z.columns + column, mask,
                            _mm512_add_ps(sum, bias));
    }
  }
}

template <int Rows, int Chains>
NNACTOR_AVX512 uint64_t multiply_rows(const panel_rows& x, const panels& w,
                                      const float* b, const mutable_matrix& z,
                                      uint64_t first) {
  const auto* rows = x.data + first * w.padded_columns();
  for (uint64_t p = 0; p < w.count(); ++p)
    multiply_panel<Rows, Chains>(rows, w, p, b, z, first);
  return Rows;
}

} // namespace

NNACTOR_AVX512 void round_avx512(const float* from, uint64_t count,
                                 uint16_t* to) {
  uint64_t i = 0;
  for (; i + 32 <= count; i += 32) {
    auto values = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + i + 16),
                                      _mm512_loadu_ps(from + i));
    _mm512_storeu_si512(to + i, reinterpret_cast<__m512i>(values));
  }
  for (; i < count; ++i) {
    auto value = _mm512_cvtneps_pbh(_mm512_set1_ps(from[i]));
    to[i] = static_cast<uint16_t>(
        _mm256_extract_epi16(reinterpret_cast<__m256i>(value), 0));
  }
}

void multiply_avx512(panel_rows x, const panels& w, std::span<const float> b,
                     mutable_matrix z) {
  for (uint64_t r = 0; r < x.count;)
    switch (x.count - r) {
    case 1:
      r += multiply_rows<1, 2>(x, w, b.data(), z, r);
      break;
    case 2:
      r += multiply_rows<2, 2>(x, w, b.data(), z, r);
      break;
    case 3:
      r += multiply_rows<3, 1>(x, w, b.data(), z, r);
      break;
    default:
      r += multiply_rows<4, 1>(x, w, b.data(), z, r);
    }
}

} // namespace nnactor
