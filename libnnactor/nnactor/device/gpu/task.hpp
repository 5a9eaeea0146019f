#pragma once

#include "nnactor/device/cached_rows.hpp"
#include "nnactor/device/everywhere.hpp"
#include "nnactor/device/gpu/command.hpp"

#include <cstdint>
#include <type_traits>

// Every kernel of our own, written once for GPUs and for the host that stands
// in for one. The work of a kernel is cut into tasks, which run in any order; a
// task is done by 256 lanes together, the threads of a block. `Lanes` has
//
//   each(n, f)  calls f(i) for i in [0, n), spread over the lanes, and returns
//               when all have been done;
//   any(n, f)   says whether f(i) was true for any, to all lanes;
//   scratch<T>  256 values, of 16 bytes at most, that all lanes see.
//
// Sums go in an order that depends on sizes alone: the same bits every time.

namespace nnactor::gpu {

constexpr uint64_t lane_count = 256;

constexpr uint64_t scratch_doubles = 2 * lane_count;

template <kernel K>
using of = std::integral_constant<kernel, K>;

/// How many of `command::size[0]` a task does.
NNACTOR_EVERYWHERE constexpr uint64_t per_task(kernel what) {
  switch (what) {
  case kernel::softmax:
  case kernel::cross_entropy:
  case kernel::softmax_summary:
  case kernel::squared_error:
  case kernel::count_correct:
  case kernel::embed_gradient:
  case kernel::normalise:
  case kernel::normalise_gradient:
  case kernel::attend:
  case kernel::attend_gradient_queries:
  case kernel::attend_gradient_keys:
  case kernel::affine_by_row:
  case kernel::product_by_row:
  case kernel::attend_cached:
  case kernel::look_up_gradient:
  case kernel::sum:
    return 1;
  case kernel::column_sums:
  case kernel::norm_row_gradients:
    return 32;
  case kernel::squared_norm:
    return 16384;
  default:
    return 1024;
  }
}

NNACTOR_EVERYWHERE constexpr uint64_t tasks_of(const command& c) {
  return (c.size[0] + per_task(c.what) - 1) / per_task(c.what);
}

template <class T>
NNACTOR_EVERYWHERE const T* in(const command& c, int index) {
  return static_cast<const T*>(c.data[index]);
}

template <class T>
NNACTOR_EVERYWHERE T* out(const command& c, int index) {
  return static_cast<T*>(const_cast<void*>(c.data[index]));
}

/// Of a kernel whose data from `first` on are positions, first pages and pages.
NNACTOR_EVERYWHERE inline cached_rows cached_rows_of(const command& c,
                                                     int first) {
  return {{in<int32_t>(c, first)},
          {in<int32_t>(c, first + 1)},
          {in<int32_t>(c, first + 2)}};
}

/// Calls f(i) for the values of a task.
template <kernel K, class Lanes, class F>
NNACTOR_EVERYWHERE void each_value(of<K>, const command& c, uint64_t task,
                                   Lanes& lanes, F f) {
  auto first = task * per_task(K);
  auto left = c.size[0] - first;
  lanes.each(left < per_task(K) ? left : per_task(K),
             [&](uint64_t i) { f(first + i); });
}

/// Joins what `of` gives for [0, n), as a tree over the lanes.
template <class T, class Lanes, class Of, class Join>
NNACTOR_EVERYWHERE T reduce(Lanes& lanes, uint64_t n, T start, Of of,
                            Join join) {
  auto* box = lanes.template scratch<T>();
  lanes.each(lane_count, [&](uint64_t lane) {
    auto x = start;
    for (auto i = lane; i < n; i += lane_count)
      x = join(x, of(i));
    box[lane] = x;
  });
  for (auto half = lane_count / 2; half > 0; half /= 2)
    lanes.each(half, [&](uint64_t lane) {
      box[lane] = join(box[lane], box[lane + half]);
    });
  auto result = box[0];
  // Before somebody writes there again.
  lanes.each(0, [](uint64_t) {});
  return result;
}

template <class Lanes, class Of>
NNACTOR_EVERYWHERE double sum_of(Lanes& lanes, uint64_t n, Of of) {
  return reduce(lanes, n, 0.0, of, [](double a, double b) { return a + b; });
}

} // namespace nnactor::gpu
