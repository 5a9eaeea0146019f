#pragma once

#include "nnactor/device/cpu/row_products.hpp"
#include "nnactor/device/device.hpp"

#include <vector>

namespace nnactor {

/// Attention to what a cache has, page by page: the keys of a page are a small
/// matrix for the queries that ask them, and so are its values. Rows of one
/// text that follow each other share what they read.
class cached_attention {
public:
  /// See `device`.
  void attend(const row_products& by, const device::attention_heads& how,
              const cached_rows& at, matrix q, matrix k, matrix v,
              mutable_matrix y);

private:
  // Of one block of rows.
  std::vector<float> page_;    ///< Keys of a head.
  std::vector<float> queries_; ///< Times the factor of scores.
  std::vector<float> scores_;
  std::vector<float> sums_; ///< Of exponentials.
  std::vector<float> values_;
};

} // namespace nnactor
