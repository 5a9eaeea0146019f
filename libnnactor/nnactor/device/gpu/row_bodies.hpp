#pragma once

#include "nnactor/device/gpu/task.hpp"

// Products whose sums go in an order that does not depend on how many rows
// there are. Weights that were read serve a few rows; where there are fewer, a
// row is computed again and not kept, so that all go the same way.

namespace nnactor::gpu {

constexpr uint64_t rows_at_once = 4;

/// What a lane has for each of these rows; in one piece, to be moved at once.
struct alignas(16) sums_of_rows {
  float of[rows_at_once];
};

NNACTOR_EVERYWHERE constexpr uint64_t parts_of(uint64_t count, uint64_t size) {
  return (count + size - 1) / size;
}

/// The rows of a task.
struct row_block {
  NNACTOR_EVERYWHERE row_block(const float* x, uint64_t columns, uint64_t first,
                               uint64_t rows)
      : first(first),
        count(rows - first < rows_at_once ? rows - first : rows_at_once) {
    for (uint64_t r = 0; r < rows_at_once; ++r)
      row[r] = x + (first + (r < count ? r : count - 1)) * columns;
  }

  const float* row[rows_at_once];
  uint64_t first, count;
};

/// sum += the values of some rows in a column, times a weight.
NNACTOR_EVERYWHERE inline void add_column(const row_block& rows, uint64_t at,
                                          float weight, sums_of_rows& sum) {
  for (uint64_t r = 0; r < rows_at_once; ++r)
    sum.of[r] += rows.row[r][at] * weight;
}

/// Units that a task of the kernel below does, each by 32 lanes.
constexpr uint64_t units_at_once = 8;

/// The parts that lanes have of a unit are joined as a tree. data: x, w, bias
/// or null, z; size: tasks, rows, columns, units
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::affine_by_row>, const command& c,
                             uint64_t task, Lanes& lanes) {
  constexpr auto width = lane_count / units_at_once;
  auto columns = c.size[2], units = c.size[3];
  auto blocks = parts_of(c.size[1], rows_at_once);
  row_block rows{in<float>(c, 0), columns, task % blocks * rows_at_once,
                 c.size[1]};
  auto first = task / blocks * units_at_once;
  auto* box = lanes.template scratch<sums_of_rows>();
  lanes.each(lane_count, [&](uint64_t lane) {
    auto unit = first + lane / width;
    sums_of_rows sum{};
    if (unit < units)
      for (auto i = lane % width; i < columns; i += width)
        add_column(rows, i, in<float>(c, 1)[unit * columns + i], sum);
    box[lane] = sum;
  });
  for (auto half = width / 2; half > 0; half /= 2)
    lanes.each(units_at_once * half, [&](uint64_t i) {
      auto at = i / half * width + i % half;
      for (uint64_t r = 0; r < rows_at_once; ++r)
        box[at].of[r] += box[at + half].of[r];
    });
  lanes.each(units_at_once * rows.count, [&](uint64_t i) {
    auto unit = first + i % units_at_once, r = i / units_at_once;
    if (unit >= units)
      return;
    auto bias = c.data[2] == nullptr ? 0.0f : in<float>(c, 2)[unit];
    out<float>(c, 3)[(rows.first + r) * units + unit] =
        box[i % units_at_once * width].of[r] + bias;
  });
}

/// Columns that a task of the kernel below does: a sector of the cache.
constexpr uint64_t columns_at_once = 8;

/// Each slice of lanes adds up some of the units, and the sums of slices come
/// one after the other. data: z, w, x; size: tasks, rows, units, columns
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::product_by_row>, const command& c,
                             uint64_t task, Lanes& lanes) {
  constexpr auto slices = lane_count / columns_at_once;
  auto units = c.size[2], columns = c.size[3];
  auto blocks = parts_of(c.size[1], rows_at_once);
  row_block rows{in<float>(c, 0), units, task % blocks * rows_at_once,
                 c.size[1]};
  auto first = task / blocks * columns_at_once;
  auto* box = lanes.template scratch<sums_of_rows>();
  lanes.each(lane_count, [&](uint64_t lane) {
    auto column = first + lane % columns_at_once;
    sums_of_rows sum{};
    if (column < columns)
      for (auto i = lane / columns_at_once; i < units; i += slices)
        add_column(rows, i, in<float>(c, 1)[i * columns + column], sum);
    box[lane] = sum;
  });
  lanes.each(columns_at_once * rows.count, [&](uint64_t i) {
    auto column = first + i % columns_at_once, r = i / columns_at_once;
    if (column >= columns)
      return;
    auto sum = 0.0f;
    for (uint64_t slice = 0; slice < slices; ++slice)
      sum += box[slice * columns_at_once + i % columns_at_once].of[r];
    out<float>(c, 2)[(rows.first + r) * columns + column] = sum;
  });
}

/// data: positions, first pages, pages, x, cache; size: values, columns
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::keep_rows> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto at = cached_rows_of(c, 0);
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto row = i / c.size[1];
    auto to = at.place(row, static_cast<uint64_t>(at.positions.data[row]));
    out<float>(c, 4)[to * c.size[1] + i % c.size[1]] = in<float>(c, 3)[i];
  });
}

} // namespace nnactor::gpu
