#include "nnactor/device/cpu/score_row.hpp"

#include <limits>

namespace nnactor {

NNACTOR_VECTORS
share_base to_exponentials(score_row x) {
  fill_unseen(x, -std::numeric_limits<float>::infinity());
  auto largest = vector_largest(x.data, x.padded);
  for (uint64_t i = 0; i < x.padded; ++i)
    x.data[i] = vector_exp(x.data[i] - largest);
  fill_unseen(x, 0.0f);
  float sums[lanes] = {};
  for (uint64_t i = 0; i < x.padded; i += lanes)
    for (uint64_t lane = 0; lane < lanes; ++lane)
      sums[lane] += x.data[i + lane];
  return {largest, sum_of_lanes(sums)};
}

} // namespace nnactor
