#pragma once

#include "nnactor/device/gpu/task.hpp"
#include "nnactor/device/seen_positions.hpp"

#include <cmath>
#include <limits>

// Attention: a task is one query, or one key, of one head; its lanes take 256
// of those it has to do with at a time, so no row of scores is ever stored.

namespace nnactor::gpu {

/// The sizes of these kernels: queries or keys of all heads, heads, queries a
/// head, values of a head, positions, 2 window + whether causal.
struct attention_sizes {
  NNACTOR_EVERYWHERE explicit attention_sizes(const command& c)
      : heads(c.size[1]), queries(c.size[2]), size(c.size[3]),
        context(c.size[4]), window(c.size[5] / 2), causal(c.size[5] % 2 != 0) {
  }

  /// The rows that `of` gives for a row, of `rows`: `seen_positions` or
  /// `seeing_positions`.
  template <class Of>
  NNACTOR_EVERYWHERE position_range rows_of(Of of, uint64_t row,
                                            uint64_t rows) const {
    auto start = row / context * context;
    auto length = rows - start < context ? rows - start : context;
    auto found = of(row - start, length, causal, window);
    return {start + found.first, start + found.last};
  }

  uint64_t heads, queries, size, context, window;
  bool causal;
};

/// What the lanes know of a pair of query and key.
struct attention_pair {
  float share; ///< Of the query's sum, or the score.
  float slope; ///< Of the score.
  float part;  ///< Of a sum or a maximum of all lanes.
};

NNACTOR_EVERYWHERE inline float dot(const float* x, const float* y,
                                    uint64_t count) {
  auto sum = 0.0f;
  for (uint64_t i = 0; i < count; ++i)
    sum += x[i] * y[i];
  return sum;
}

/// Joins the parts of all lanes as a tree.
template <class Lanes, class Join>
NNACTOR_EVERYWHERE float join_parts(Lanes& lanes, attention_pair* box,
                                    Join join) {
  for (auto half = lane_count / 2; half > 0; half /= 2)
    lanes.each(half, [&](uint64_t lane) {
      box[lane].part = join(box[lane].part, box[lane + half].part);
    });
  auto result = box[0].part;
  // Before somebody writes there again.
  lanes.each(0, [](uint64_t) {});
  return result;
}

template <class Lanes>
NNACTOR_EVERYWHERE float sum_parts(Lanes& lanes, attention_pair* box) {
  return join_parts(lanes, box, [](float a, float b) { return a + b; });
}

/// Calls give(c, the sum of of(i, c) over i < n) for c < size: slices of lanes
/// add up some i each.
template <class Lanes, class Of, class Give>
NNACTOR_EVERYWHERE void sum_rows(Lanes& lanes, attention_pair* box, uint64_t n,
                                 uint64_t size, Of of, Give give) {
  for (uint64_t first = 0; first < size; first += lane_count) {
    auto width = size - first < lane_count ? size - first : lane_count;
    auto slices = lane_count / width;
    lanes.each(width * slices, [&](uint64_t lane) {
      auto sum = 0.0f;
      for (auto i = lane / width; i < n; i += slices)
        sum += of(i, first + lane % width);
      box[lane].part = sum;
    });
    lanes.each(width, [&](uint64_t lane) {
      auto sum = 0.0f;
      for (uint64_t slice = 0; slice < slices; ++slice)
        sum += box[slice * width + lane].part;
      give(first + lane, sum);
    });
  }
}

/// What one query of a head has of the positions that it sees.
struct attention_row {
  const float* q;
  float* y;
  float scale; ///< 1 / sqrt(values of a head)
  position_range seen;
};

/// What its shares are relative to.
struct attention_base {
  float largest, sum;
};

/// The shares of all keys so far are relative to the largest score so far
/// (arXiv 2205.14135).
/// @param k What gives the key of a position, and @param v its value.
template <class Lanes, class Keys, class Values>
NNACTOR_EVERYWHERE attention_base attend_row(Lanes& lanes,
                                             const attention_row& of,
                                             uint64_t size, Keys k, Values v) {
  auto* box = lanes.template scratch<attention_pair>();
  auto largest = -std::numeric_limits<float>::infinity();
  auto sum = 0.0f;
  for (auto first = of.seen.first; first < of.seen.last; first += lane_count) {
    auto left = of.seen.last - first;
    auto n = left < lane_count ? left : lane_count;
    lanes.each(lane_count, [&](uint64_t i) {
      box[i].share = i < n ? of.scale * dot(of.q, k(first + i), size)
                           : -std::numeric_limits<float>::infinity();
      box[i].part = box[i].share;
    });
    auto before = largest;
    auto found =
        join_parts(lanes, box, [](float a, float b) { return b > a ? b : a; });
    largest = found > before ? found : before;
    lanes.each(lane_count, [&](uint64_t i) {
      box[i].share = i < n ? std::exp(box[i].share - largest) : 0.0f;
      box[i].part = box[i].share;
    });
    auto is_first = first == of.seen.first;
    auto shrunk = is_first ? 0.0f : std::exp(before - largest);
    sum = sum * shrunk + sum_parts(lanes, box);
    sum_rows(
        lanes, box, n, size,
        [&](uint64_t i, uint64_t column) {
          return box[i].share * v(first + i)[column];
        },
        [&](uint64_t column, float x) {
          of.y[column] = is_first ? x : of.y[column] * shrunk + x;
        });
  }
  lanes.each(size, [&](uint64_t column) { of.y[column] /= sum; });
  return {largest, sum};
}

/// A task is a query of a head. data: q, k, v, y, sums; size:
/// `attention_sizes`; value: 1 / sqrt(values of a head)
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::attend>, const command& c,
                             uint64_t task, Lanes& lanes) {
  attention_sizes of{c};
  auto asking = of.heads * of.queries;
  auto seen = of.rows_of(seen_positions, task / asking, c.size[0] / asking);
  auto offset = task % asking / of.queries * of.size;
  auto stride = of.heads * of.size;
  auto base = attend_row(
      lanes,
      {in<float>(c, 0) + task * of.size, out<float>(c, 3) + task * of.size,
       c.value[0], seen},
      of.size,
      [&](uint64_t row) { return in<float>(c, 1) + row * stride + offset; },
      [&](uint64_t row) { return in<float>(c, 2) + row * stride + offset; });
  lanes.each(1, [&](uint64_t) {
    out<float>(c, 4)[task] = base.largest + std::log(base.sum);
  });
}

/// A task is a query of a head. data: q, k, v, y, positions, first pages,
/// pages; size and value as for attend
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::attend_cached>, const command& c,
                             uint64_t task, Lanes& lanes) {
  attention_sizes of{c};
  auto at = cached_rows_of(c, 4);
  auto row = task / (of.heads * of.queries);
  auto position = static_cast<uint64_t>(at.positions.data[row]);
  auto offset = task % (of.heads * of.queries) / of.queries * of.size;
  auto stride = of.heads * of.size;
  auto find = [&](int matrix, uint64_t p) {
    return in<float>(c, matrix) + at.place(row, p) * stride + offset;
  };
  attend_row(
      lanes,
      {in<float>(c, 0) + task * of.size, out<float>(c, 3) + task * of.size,
       c.value[0], seen_positions(position, position + 1, true, of.window)},
      of.size, [&](uint64_t p) { return find(1, p); },
      [&](uint64_t p) { return find(2, p); });
}

/// A task is a query of a head; leaves the products of its y and dy for the
/// next kernel. data: q, k, v, y, sums, dy, dq, products; size and value as
/// for attend
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::attend_gradient_queries>,
                             const command& c, uint64_t task, Lanes& lanes) {
  attention_sizes of{c};
  auto asking = of.heads * of.queries;
  auto seen = of.rows_of(seen_positions, task / asking, c.size[0] / asking);
  auto offset = task % asking / of.queries * of.size;
  auto stride = of.heads * of.size;
  const auto* q = in<float>(c, 0) + task * of.size;
  const auto* y = in<float>(c, 3) + task * of.size;
  const auto* dy = in<float>(c, 5) + task * of.size;
  auto* dq = out<float>(c, 6) + task * of.size;
  auto* box = lanes.template scratch<attention_pair>();
  lanes.each(lane_count, [&](uint64_t lane) {
    auto part = 0.0f;
    for (auto i = lane; i < of.size; i += lane_count)
      part += dy[i] * y[i];
    box[lane].part = part;
  });
  auto mean = sum_parts(lanes, box);
  lanes.each(1, [&](uint64_t) { out<float>(c, 7)[task] = mean; });
  for (auto first = seen.first; first < seen.last; first += lane_count) {
    auto left = seen.last - first;
    auto n = left < lane_count ? left : lane_count;
    lanes.each(n, [&](uint64_t i) {
      auto at = (first + i) * stride + offset;
      auto score = c.value[0] * dot(q, in<float>(c, 1) + at, of.size);
      auto share = std::exp(score - in<float>(c, 4)[task]);
      box[i].slope =
          c.value[0] * share * (dot(dy, in<float>(c, 2) + at, of.size) - mean);
    });
    sum_rows(
        lanes, box, n, of.size,
        [&](uint64_t i, uint64_t column) {
          return box[i].slope
                 * in<float>(c, 1)[(first + i) * stride + offset + column];
        },
        [&](uint64_t column, float x) {
          dq[column] = first == seen.first ? x : dq[column] + x;
        });
  }
}

/// A task is a key of a head, asked by those queries that see it, head after
/// head. data: q, k, v, sums, dy, products of y and dy, dk, dv; size and value
/// as for attend
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::attend_gradient_keys>, const command& c,
                             uint64_t task, Lanes& lanes) {
  attention_sizes of{c};
  auto asking = of.heads * of.queries;
  auto seeing =
      of.rows_of(seeing_positions, task / of.heads, c.size[0] / of.heads);
  auto length = seeing.last - seeing.first;
  const auto* k = in<float>(c, 1) + task * of.size;
  const auto* v = in<float>(c, 2) + task * of.size;
  auto* box = lanes.template scratch<attention_pair>();
  auto add_up = [&](int result, uint64_t first, uint64_t n, auto value) {
    auto* to = out<float>(c, result) + task * of.size;
    sum_rows(lanes, box, n, of.size, value, [&](uint64_t column, float x) {
      to[column] = first == 0 ? x : to[column] + x;
    });
  };
  for (uint64_t first = 0; first < of.queries * length; first += lane_count) {
    auto left = of.queries * length - first;
    auto n = left < lane_count ? left : lane_count;
    /// Of the i-th query of these among all of all heads.
    auto index_of = [&](uint64_t i) {
      auto row = seeing.first + (first + i) % length;
      return row * asking + task % of.heads * of.queries + (first + i) / length;
    };
    lanes.each(n, [&](uint64_t i) {
      auto query = index_of(i);
      auto at = query * of.size;
      auto score = c.value[0] * dot(in<float>(c, 0) + at, k, of.size);
      auto share = std::exp(score - in<float>(c, 3)[query]);
      box[i].share = share;
      box[i].slope =
          c.value[0] * share
          * (dot(in<float>(c, 4) + at, v, of.size) - in<float>(c, 5)[query]);
    });
    add_up(6, first, n, [&](uint64_t i, uint64_t column) {
      return box[i].slope * in<float>(c, 0)[index_of(i) * of.size + column];
    });
    add_up(7, first, n, [&](uint64_t i, uint64_t column) {
      return box[i].share * in<float>(c, 4)[index_of(i) * of.size + column];
    });
  }
}

} // namespace nnactor::gpu
