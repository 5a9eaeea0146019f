#pragma once

#include "nnactor/device/cpu/panels.hpp"

#include <functional>
#include <memory>

namespace nnactor {

/// A matrix of bfloat16, row by row; `transposed` reads it by columns.
struct bfloat16_matrix {
  const uint16_t* data = nullptr;
  uint64_t rows = 0;    ///< As read.
  uint64_t columns = 0; ///< As read.
  bool transposed = false;
};

/// Products of bfloat16 with float32 sums through oneDNN, whose kernels are
/// chosen at run time and kept by shape. For one thread.
class onednn_matmul {
public:
  onednn_matmul();
  ~onednn_matmul();

  /// Whether oneDNN has fast products of bfloat16 for this processor.
  static bool available();

  /// c = a b, or c += a b
  /// @throws std::runtime_error where oneDNN cannot
  void multiply(const bfloat16_matrix& a, const bfloat16_matrix& b,
                mutable_matrix c, bool accumulate);

  /// c = a w^T + bias. What oneDNN reads for tiles of AMX are our panels.
  /// @pre `w` has whole panels only
  void multiply(const bfloat16_matrix& a, const panels& w,
                std::span<const float> bias, mutable_matrix c);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace nnactor
