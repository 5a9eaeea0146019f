#include "nnactor/device/cpu/row_products.hpp"

#include "nnactor/device/cpu/sum_of_lanes.hpp"

#include <algorithm>

namespace nnactor {

row_products row_products_of(panel_kernel how) {
  switch (how) {
  case panel_kernel::plain:
    break;
  case panel_kernel::avx2:
    return {multiply_rows_avx2, add_up_rows_avx2};
  case panel_kernel::avx512:
  case panel_kernel::amx:
    return {multiply_rows_avx512, add_up_rows_avx512};
  }
  return {multiply_rows_plain, add_up_rows_plain};
}

void multiply_rows_plain(const row_dots& of) {
  for (uint64_t u = 0; u < of.n; ++u)
    for (uint64_t r = 0; r < of.m; ++r) {
      const auto* x = of.x.row(r);
      const auto* w = of.w.row(u);
      float sums[lanes] = {};
      for (uint64_t c = 0; c < of.k; ++c)
        sums[c % lanes] += x[c] * w[c];
      of.z.row(r)[u] = sum_of_lanes(sums) + (of.b == nullptr ? 0 : of.b[u]);
    }
}

void add_up_rows_plain(const row_sums& of) {
  for (uint64_t r = 0; r < of.m; ++r) {
    auto* x = of.x.row(r);
    if (!of.accumulate)
      std::fill_n(x, of.n, 0.0f);
    for (uint64_t u = 0; u < of.k; ++u)
      for (uint64_t c = 0; c < of.n; ++c)
        x[c] += of.z.row(r)[u] * of.w.row(u)[c];
  }
}

} // namespace nnactor
