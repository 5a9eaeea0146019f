#pragma once

#include "nnactor/device/gpu/task.hpp"

#include <cmath>

// Kernels whose lanes find something together: sums, and what a row needs of
// all its values.

namespace nnactor::gpu {

/// sums += the sums of the columns of x. data: x, sums; size: columns, rows
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::column_sums>, const command& c,
                             uint64_t task, Lanes& lanes) {
  constexpr auto columns = per_task(kernel::column_sums);
  constexpr auto slices = lane_count / columns;
  auto first = task * columns;
  auto* box = lanes.template scratch<float>();
  lanes.each(lane_count, [&](uint64_t lane) {
    auto column = first + lane % columns;
    auto sum = 0.0f;
    if (column < c.size[0])
      for (auto r = lane / columns; r < c.size[1]; r += slices)
        sum += in<float>(c, 0)[r * c.size[0] + column];
    box[lane] = sum;
  });
  lanes.each(columns, [&](uint64_t lane) {
    auto sum = 0.0f;
    for (uint64_t slice = 0; slice < slices; ++slice)
      sum += box[slice * columns + lane];
    if (first + lane < c.size[0])
      out<float>(c, 1)[first + lane] += sum;
  });
}

/// Of each task's values. data: x, sums by task; size: values
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::squared_norm> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto first = task * per_task(k);
  auto left = c.size[0] - first;
  auto n = left < per_task(k) ? left : per_task(k);
  auto sum = sum_of(lanes, n, [&](uint64_t i) {
    auto x = static_cast<double>(in<float>(c, 0)[first + i]);
    return x * x;
  });
  lanes.each(1, [&](uint64_t) { out<double>(c, 1)[task] = sum; });
}

/// data: x in double precision, sum; size: 1, values
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::sum>, const command& c, uint64_t,
                             Lanes& lanes) {
  auto sum =
      sum_of(lanes, c.size[1], [&](uint64_t i) { return in<double>(c, 0)[i]; });
  lanes.each(1, [&](uint64_t) { out<double>(c, 1)[0] = sum; });
}

// -- one row at a time --------------------------------------------------------

/// The largest value of a row and the sum of exponentials beside it. Without
/// the maximum, logits beyond 88 would overflow.
struct row_sums {
  float largest;
  double sum;
};

template <class Lanes>
NNACTOR_EVERYWHERE row_sums exponentials(Lanes& lanes, const float* row,
                                         uint64_t columns) {
  // What is not a number never is the largest, but reaches the sum.
  auto largest = reduce(
      lanes, columns, row[0], [&](uint64_t i) { return row[i]; },
      [](float a, float b) { return b > a ? b : a; });
  auto sum = sum_of(lanes, columns, [&](uint64_t i) {
    return static_cast<double>(std::exp(row[i] - largest));
  });
  return {largest, sum};
}

/// data: z, y; size: rows, columns
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::softmax>, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto columns = c.size[1];
  const auto* z = in<float>(c, 0) + task * columns;
  auto* y = out<float>(c, 1) + task * columns;
  auto row = exponentials(lanes, z, columns);
  auto factor = static_cast<float>(1.0 / row.sum);
  lanes.each(columns,
             [&](uint64_t i) { y[i] = std::exp(z[i] - row.largest) * factor; });
}

/// data: z, labels, dz or null, loss by row; size: rows, columns; value: scale
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::cross_entropy>, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto columns = c.size[1];
  const auto* z = in<float>(c, 0) + task * columns;
  auto label = static_cast<uint64_t>(in<int32_t>(c, 1)[task]);
  auto row = exponentials(lanes, z, columns);
  lanes.each(1, [&](uint64_t) {
    out<double>(c, 3)[task] =
        std::log(row.sum) - static_cast<double>(z[label] - row.largest);
  });
  if (c.data[2] == nullptr)
    return;
  auto* dz = out<float>(c, 2) + task * columns;
  auto factor = static_cast<float>(static_cast<double>(c.value[0]) / row.sum);
  lanes.each(columns, [&](uint64_t i) {
    auto target = i == label ? c.value[0] : 0.0f;
    dz[i] = std::exp(z[i] - row.largest) * factor - target;
  });
}

/// data: z, labels, s; size: rows, columns
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::softmax_summary>, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto columns = c.size[1];
  const auto* z = in<float>(c, 0) + task * columns;
  auto row = exponentials(lanes, z, columns);
  auto label = in<int32_t>(c, 1)[task];
  auto at = label < 0 ? columns : static_cast<uint64_t>(label);
  auto value = label < 0 ? 0.0f : z[at];
  auto beaten = lanes.any(columns, [&](uint64_t i) {
    return i < at ? z[i] >= value : z[i] > value;
  });
  // Nothing is larger than a NaN in front, and no other NaN than anything.
  if (std::isnan(z[0]) || std::isnan(value))
    beaten = at != 0;
  lanes.each(1, [&](uint64_t) {
    auto* s = out<float>(c, 2) + 4 * task;
    s[0] = row.largest;
    s[1] = static_cast<float>(row.sum);
    s[2] = value;
    s[3] = label < 0 || beaten ? 0.0f : 1.0f;
  });
}

/// data: z, targets, dz or null, loss by row; size: rows, columns; value: slope
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::squared_error>, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto columns = c.size[1];
  auto first = task * columns;
  auto error = [&](uint64_t i) {
    return in<float>(c, 0)[first + i] - in<float>(c, 1)[first + i];
  };
  auto sum = sum_of(lanes, columns, [&](uint64_t i) {
    return static_cast<double>(error(i)) * static_cast<double>(error(i));
  });
  lanes.each(1, [&](uint64_t) {
    out<double>(c, 3)[task] = sum / static_cast<double>(columns);
  });
  if (c.data[2] != nullptr)
    lanes.each(columns, [&](uint64_t i) {
      out<float>(c, 2)[first + i] = error(i) * c.value[0];
    });
}

/// data: z, labels, 1 or 0 by row; size: rows, columns
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::count_correct>, const command& c,
                             uint64_t task, Lanes& lanes) {
  struct best {
    float value;
    uint32_t index;
  };
  const auto* z = in<float>(c, 0) + task * c.size[1];
  auto found = reduce(
      lanes, c.size[1], best{z[0], 0},
      [&](uint64_t i) {
        return best{z[i], static_cast<uint32_t>(i)};
      },
      [](best a, best b) {
        auto wins =
            b.value > a.value || (b.value == a.value && b.index < a.index);
        return wins ? b : a;
      });
  lanes.each(1, [&](uint64_t) {
    auto label = static_cast<uint32_t>(in<int32_t>(c, 1)[task]);
    out<double>(c, 2)[task] = found.index == label ? 1.0 : 0.0;
  });
}

/// A task is a token of the table: it looks for itself among all, in their
/// order. data: tokens, dy, dtable; size: tokens of the table, units,
/// positions, rows
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::embed_gradient>, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto units = c.size[1], positions = c.size[2];
  auto count = positions * c.size[3];
  auto* is_here = lanes.template scratch<uint32_t>();
  for (uint64_t first = 0; first < count; first += lane_count) {
    auto n = count - first < lane_count ? count - first : lane_count;
    auto any = lanes.any(n, [&](uint64_t i) {
      auto here = static_cast<uint64_t>(in<int32_t>(c, 0)[first + i]) == task;
      is_here[i] = here ? 1 : 0;
      return here;
    });
    if (!any)
      continue;
    lanes.each(units, [&](uint64_t unit) {
      auto sum = out<float>(c, 2)[unit * c.size[0] + task];
      for (uint64_t i = 0; i < n; ++i)
        if (is_here[i] != 0) {
          auto row = (first + i) / positions;
          sum += in<float>(
              c, 1)[(row * units + unit) * positions + (first + i) % positions];
        }
      out<float>(c, 2)[unit * c.size[0] + task] = sum;
    });
  }
}

} // namespace nnactor::gpu
