#pragma once

#include "nnactor/device/cpu/panels.hpp"

#include <cstdint>

namespace nnactor {

// Products of float32 for any number of rows, each of whose values depends on
// its own row and column alone, bit for bit. Weights are read once for a block
// of rows, as fast as the memory gives them where there is one row only.

/// Rows that begin `stride` values apart.
template <class T>
struct spaced_rows {
  T* data = nullptr;
  uint64_t stride = 0;

  T* row(uint64_t index) const {
    return data + index * stride;
  }
};

/// z[m,n] = x[m,k] w[n,k]^T + b[n]. A sum goes in 16 lanes, by column mod 16,
/// which are joined as a tree.
/// @pre `k` is not 0
struct row_dots {
  spaced_rows<const float> x;
  spaced_rows<const float> w;
  const float* b = nullptr; ///< Null: none.
  spaced_rows<float> z;
  uint64_t m = 0, n = 0, k = 0;
};

/// x[m,n] = z[m,k] w[k,n], or x += z w, in the order of k.
struct row_sums {
  spaced_rows<const float> z;
  spaced_rows<const float> w;
  spaced_rows<float> x;
  uint64_t m = 0, n = 0, k = 0;
  bool accumulate = false;
};

/// Those of one instruction set. AVX2 and AVX-512 give the same bits.
struct row_products {
  void (*multiply)(const row_dots&);
  void (*add_up)(const row_sums&);
};

/// @pre this processor has these instructions
row_products row_products_of(panel_kernel how);

// Private to this folder.

void multiply_rows_plain(const row_dots& of);
void multiply_rows_avx2(const row_dots& of);
void multiply_rows_avx512(const row_dots& of);

void add_up_rows_plain(const row_sums& of);
void add_up_rows_avx2(const row_sums& of);
void add_up_rows_avx512(const row_sums& of);

} // namespace nnactor
