#pragma once

#include <cmath>
#include <vector>

namespace nnactor {

/// Returns what every gradient is multiplied with so that their global norm
/// is at most `clip` (arXiv 1211.5063); 1 where `clip` is 0. The norms are
/// those of all neuron groups in the order of their ids, whatever the order
/// in which they arrived, so that the sum is the same everywhere.
inline float clip_scale(float clip, const std::vector<double>& squared_norms) {
  auto sum = 0.0;
  for (auto part : squared_norms)
    sum += part;
  auto norm = std::sqrt(sum);
  auto limit = static_cast<double>(clip);
  return limit > 0 && norm > limit ? static_cast<float>(limit / norm) : 1.0f;
}

} // namespace nnactor
