#pragma once

#include "nnactor/data/dataset.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace nnactor {

/// The examples that every validation of a run goes through, so that their
/// losses compare: all of the validation split, or as many as are wanted,
/// spread evenly over it.
class validation_sample {
public:
  validation_sample(const dataset& data, const run_settings& how)
      : all_(data.size(split::validation)), size_(all_) {
    if (how.evaluate_examples > 0)
      size_ = std::min<uint64_t>(all_, how.evaluate_examples);
  }

  uint64_t size() const {
    return size_;
  }

  /// Whether examples of the split are left out.
  bool is_part() const {
    return size_ < all_;
  }

  /// Returns where `count` examples are in the split, from number `first` of
  /// the sample on.
  std::vector<uint64_t> indices(uint64_t first, uint64_t count) const {
    std::vector<uint64_t> out(count);
    for (auto& x : out)
      x = index(first++);
    return out;
  }

private:
  // i * all / size, of which the product might not fit.
  uint64_t index(uint64_t i) const {
    return i * (all_ / size_) + i * (all_ % size_) / size_;
  }

  uint64_t all_;
  uint64_t size_;
};

} // namespace nnactor
