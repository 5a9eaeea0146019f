#pragma once

#include "nnactor/clones.hpp"
#include "nnactor/device/cpu/sum_of_lanes.hpp"

#include <algorithm>
#include <cstdint>

#define NNACTOR_VECTORS NNACTOR_CLONES("avx512f", "avx2,fma", "default")

namespace nnactor {

/// A row of scores of attention, padded to whole lanes; the query sees those
/// from `first` to `last`.
struct score_row {
  float* data;
  uint64_t first, last;
  uint64_t padded; ///< In all.
};

NNACTOR_INLINE void fill_unseen(const score_row& x, float value) {
  std::fill(x.data, x.data + x.first, value);
  std::fill(x.data + x.last, x.data + x.padded, value);
}

/// What the shares of a row are relative to.
struct share_base {
  float largest;
  float sum;
};

/// Scores become exponentials, relative to that of the largest.
share_base to_exponentials(score_row x);

} // namespace nnactor
