#pragma once

#include "nnactor/device/gpu/attention_bodies.hpp"
#include "nnactor/device/gpu/row_bodies.hpp"
#include "nnactor/device/gpu/sum_bodies.hpp"
#include "nnactor/device/gpu/transformer_bodies.hpp"
#include "nnactor/device/gpu/value_bodies.hpp"

namespace nnactor::gpu {

/// Calls `f` with the kernel as a constant, for all but products.
template <class F>
void with_constant(kernel what, F f) {
  using enum kernel;
  switch (what) {
  case product:
    return;
  case activate:
    return f(of<activate>{});
  case activate_gradient:
    return f(of<activate_gradient>{});
  case scale:
    return f(of<scale>{});
  case add:
    return f(of<add>{});
  case clear:
    return f(of<clear>{});
  case round:
    return f(of<round>{});
  case narrow:
    return f(of<narrow>{});
  case copy_columns:
    return f(of<copy_columns>{});
  case copy_spans:
    return f(of<copy_spans>{});
  case fill_rows:
    return f(of<fill_rows>{});
  case add_to_rows:
    return f(of<add_to_rows>{});
  case column_sums:
    return f(of<column_sums>{});
  case one_hot:
    return f(of<one_hot>{});
  case embed:
    return f(of<embed>{});
  case embed_gradient:
    return f(of<embed_gradient>{});
  case gate:
    return f(of<gate>{});
  case gate_gradient:
    return f(of<gate_gradient>{});
  case normalise:
    return f(of<normalise>{});
  case normalise_gradient:
    return f(of<normalise_gradient>{});
  case norm_row_gradients:
    return f(of<norm_row_gradients>{});
  case rotate:
    return f(of<rotate>{});
  case attend:
    return f(of<attend>{});
  case attend_gradient_queries:
    return f(of<attend_gradient_queries>{});
  case attend_gradient_keys:
    return f(of<attend_gradient_keys>{});
  case affine_by_row:
    return f(of<affine_by_row>{});
  case product_by_row:
    return f(of<product_by_row>{});
  case keep_rows:
    return f(of<keep_rows>{});
  case attend_cached:
    return f(of<attend_cached>{});
  case look_up:
    return f(of<look_up>{});
  case look_up_gradient:
    return f(of<look_up_gradient>{});
  case drop:
    return f(of<drop>{});
  case sparse_affine:
    return f(of<sparse_affine>{});
  case sparse_input_gradient:
    return f(of<sparse_input_gradient>{});
  case sparse_weight_gradient:
    return f(of<sparse_weight_gradient>{});
  case softmax:
    return f(of<softmax>{});
  case cross_entropy:
    return f(of<cross_entropy>{});
  case softmax_summary:
    return f(of<softmax_summary>{});
  case softmax_gradient:
    return f(of<softmax_gradient>{});
  case squared_error:
    return f(of<squared_error>{});
  case count_correct:
    return f(of<count_correct>{});
  case squared_norm:
    return f(of<squared_norm>{});
  case sum:
    return f(of<sum>{});
  case sgd:
    return f(of<sgd>{});
  case adam:
    return f(of<adam>{});
  }
}

} // namespace nnactor::gpu
