#pragma once

#include "nnactor/device/cpu/panels.hpp"

// Before a loop whose sums shall stay in registers: its count is a constant.
#ifdef __clang__
#define NNACTOR_UNROLL _Pragma("clang loop unroll(full)")
#else
#define NNACTOR_UNROLL _Pragma("GCC unroll 8")
#endif

namespace nnactor {

// Private to this folder: one function an instruction set, for any number of
// rows.

/// Rows of `panels::padded_columns()` values of bfloat16.
struct panel_rows {
  const uint16_t* data = nullptr;
  uint64_t count = 0;
};

/// Round values to the nearest bfloat16.
void round_plain(const float* from, uint64_t count, uint16_t* to);
void round_avx512(const float* from, uint64_t count, uint16_t* to);

void multiply_plain(panel_rows x, const panels& w, std::span<const float> b,
                    mutable_matrix z);
void multiply_avx2(panel_rows x, const panels& w, std::span<const float> b,
                   mutable_matrix z);
void multiply_avx512(panel_rows x, const panels& w, std::span<const float> b,
                     mutable_matrix z);
void multiply_amx(panel_rows x, const panels& w, std::span<const float> b,
                  mutable_matrix z);

} // namespace nnactor
