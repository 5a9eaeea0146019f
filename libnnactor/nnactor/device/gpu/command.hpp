#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nnactor::gpu {

/// What a GPU can be asked to compute. See `bodies.hpp` for each but the first,
/// which libraries do best.
enum class kernel : uint32_t {
  product,
  activate,
  activate_gradient,
  scale,
  add,
  clear,
  round,
  narrow,
  copy_columns,
  copy_spans,
  fill_rows,
  add_to_rows,
  column_sums,
  one_hot,
  embed,
  embed_gradient,
  gate,
  gate_gradient,
  normalise,
  normalise_gradient,
  norm_row_gradients,
  rotate,
  attend,
  attend_gradient_queries,
  attend_gradient_keys,
  affine_by_row,
  product_by_row,
  keep_rows,
  attend_cached,
  look_up,
  look_up_gradient,
  drop,
  sparse_affine,
  sparse_input_gradient,
  sparse_weight_gradient,
  softmax,
  cross_entropy,
  softmax_summary,
  softmax_gradient,
  squared_error,
  count_correct,
  squared_norm,
  sum,
  sgd,
  adam,
};

/// One kernel and what it works on, all in the memory of the GPU: plain values,
/// so that lists of them can be compared, and passed to a GPU as they are. What
/// each entry means is said where the kernel is.
struct command {
  kernel what = kernel::clear;
  const void* data[8] = {};
  uint64_t size[6] = {};
  float value[8] = {};

  friend bool operator==(const command&, const command&) = default;
};

using command_list = std::vector<command>;

/// A column span as a kernel finds it, with the columns of all spans side by
/// side.
struct packed_span {
  uint64_t first; ///< Columns of all spans before.
  uint64_t from, to;
};

/// c[m,n] = a[m,k] b[k,n], or c += a b; then the bias [n], if any, is added to
/// each row, and negative values become 0 if `relu` is set. A transposed matrix
/// is stored as [k,m] or [n,k].
struct product {
  const void* a = nullptr;
  const void* b = nullptr;
  float* c = nullptr;
  const float* bias = nullptr; ///< Null: none.
  uint64_t m = 0, n = 0, k = 0;
  bool a_transposed = false;
  bool b_transposed = false;
  bool accumulate = false;
  bool bfloat16 = false; ///< What a and b hold, else float32.
  bool relu = false;
  bool b_weights = false; ///< b is read again and again.

  friend bool operator==(const product&, const product&) = default;
};

/// As an entry of a list, and back.
command to_command(const product& x);
product to_product(const command& x);

/// Bytes of b.
size_t bytes_of_b(const product& x);

} // namespace nnactor::gpu
