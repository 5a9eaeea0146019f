#pragma once

#include "nnactor/device/formulas.hpp"
#include "nnactor/device/gpu/task.hpp"
#include "nnactor/neuron/random.hpp"

#include <cmath>

// Kernels of transformers but for attention.

namespace nnactor::gpu {

/// data: gate, up, y; size: values, activation
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::gate> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto act = static_cast<activation>(c.size[1]);
  each_value(k, c, task, lanes, [&](uint64_t i) {
    out<float>(c, 2)[i] =
        formulas::activate(act, in<float>(c, 0)[i]) * in<float>(c, 1)[i];
  });
}

/// data: gate, up, dy, dgate, dup; size: values, activation
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::gate_gradient> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto act = static_cast<activation>(c.size[1]);
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto z = in<float>(c, 0)[i];
    auto opened = formulas::activate(act, z);
    auto dy = in<float>(c, 2)[i];
    out<float>(c, 3)[i] = formulas::activate_gradient(
        act, needs_z(act) ? z : opened, dy * in<float>(c, 1)[i]);
    out<float>(c, 4)[i] = dy * opened;
  });
}

/// data: row, y; size: values of y, columns
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::add_to_rows> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    out<float>(c, 1)[i] += in<float>(c, 0)[i % c.size[1]];
  });
}

// -- norms --------------------------------------------------------------------

/// What a row is normalised by.
struct norm_moments {
  float mean;
  float inverse; ///< Of the deviation.
};

template <class Lanes>
NNACTOR_EVERYWHERE norm_moments moments_of(Lanes& lanes, const float* x,
                                           uint64_t columns, bool is_layer,
                                           float epsilon) {
  auto size = static_cast<double>(columns);
  auto mean = 0.0f;
  if (is_layer)
    mean = static_cast<float>(
        sum_of(lanes, columns,
               [&](uint64_t i) { return static_cast<double>(x[i]); })
        / size);
  auto square = sum_of(lanes, columns, [&](uint64_t i) {
    auto centred = static_cast<double>(x[i] - mean);
    return centred * centred;
  });
  auto inverse = 1.0 / std::sqrt(square / size + static_cast<double>(epsilon));
  return {mean, static_cast<float>(inverse)};
}

/// A task is a row. data: x, gain, shift or null, y; size: rows, columns, rows
/// of gain, repeat, whether of kind layer; value: epsilon
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::normalise>, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto columns = c.size[1];
  const auto* x = in<float>(c, 0) + task * columns;
  auto of = moments_of(lanes, x, columns, c.size[4] != 0, c.value[0]);
  auto first = task / c.size[3] % c.size[2] * columns;
  lanes.each(columns, [&](uint64_t i) {
    auto y = (x[i] - of.mean) * of.inverse * in<float>(c, 1)[first + i];
    if (c.data[2] != nullptr)
      y += in<float>(c, 2)[first + i];
    out<float>(c, 3)[task * columns + i] = y;
  });
}

/// A task is a row. data: x, gain, dy, dx, moments by row; size: rows, columns,
/// rows of gain, repeat, whether of kind layer; value: epsilon
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::normalise_gradient>, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto columns = c.size[1];
  auto is_layer = c.size[4] != 0;
  const auto* x = in<float>(c, 0) + task * columns;
  const auto* dy = in<float>(c, 2) + task * columns;
  const auto* gain = in<float>(c, 1) + task / c.size[3] % c.size[2] * columns;
  auto of = moments_of(lanes, x, columns, is_layer, c.value[0]);
  auto normal = [&](uint64_t i) { return (x[i] - of.mean) * of.inverse; };
  auto share = 1.0 / static_cast<double>(columns);
  auto along =
      static_cast<float>(sum_of(lanes, columns,
                                [&](uint64_t i) {
                                  return static_cast<double>(dy[i] * gain[i])
                                         * static_cast<double>(normal(i));
                                })
                         * share);
  auto equal = 0.0f;
  if (is_layer)
    equal = static_cast<float>(
        sum_of(lanes, columns,
               [&](uint64_t i) { return static_cast<double>(dy[i] * gain[i]); })
        * share);
  lanes.each(columns, [&](uint64_t i) {
    out<float>(c, 3)[task * columns + i] =
        (dy[i] * gain[i] - equal - normal(i) * along) * of.inverse;
  });
  lanes.each(1, [&](uint64_t) { out<norm_moments>(c, 4)[task] = of; });
}

/// Each slice of lanes adds up some of the rows of its columns. data: x, dy,
/// moments by row, dgain, dshift or null; size: values of dgain, columns, rows
/// of gain, repeat, rows
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::norm_row_gradients>, const command& c,
                             uint64_t task, Lanes& lanes) {
  struct sums {
    float gain, shift;
  };
  constexpr auto width = per_task(kernel::norm_row_gradients);
  constexpr auto slices = lane_count / width;
  auto columns = c.size[1], repeat = c.size[3];
  auto* box = lanes.template scratch<sums>();
  lanes.each(lane_count, [&](uint64_t lane) {
    auto at = task * width + lane % width;
    sums sum{0, 0};
    // The n-th of the rows that have this row of gains.
    for (auto n = lane / width; at < c.size[0]; n += slices) {
      auto row = (n / repeat * c.size[2] + at / columns) * repeat + n % repeat;
      if (row >= c.size[4])
        break;
      auto of = in<norm_moments>(c, 2)[row];
      auto i = row * columns + at % columns;
      auto dy = in<float>(c, 1)[i];
      sum.gain += dy * ((in<float>(c, 0)[i] - of.mean) * of.inverse);
      sum.shift += dy;
    }
    box[lane] = sum;
  });
  lanes.each(width, [&](uint64_t lane) {
    sums sum{0, 0};
    for (uint64_t slice = 0; slice < slices; ++slice) {
      sum.gain += box[slice * width + lane].gain;
      sum.shift += box[slice * width + lane].shift;
    }
    auto at = task * width + lane;
    if (at >= c.size[0])
      return;
    out<float>(c, 3)[at] += sum.gain;
    if (c.data[4] != nullptr)
      out<float>(c, 4)[at] += sum.shift;
  });
}

// -- positions and tables -----------------------------------------------------

/// data: x, cosines and sines by position, positions or null where they follow
/// each other; size: pairs of values, columns, values of a head, positions;
/// value: sign of the angles
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::rotate> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto columns = c.size[1], half = c.size[2] / 2;
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto row = i / (columns / 2), pair = i % (columns / 2);
    auto position = c.data[2] == nullptr
                        ? row % c.size[3]
                        : static_cast<uint64_t>(in<int32_t>(c, 2)[row]);
    const auto* angles = in<float>(c, 1) + position * 2 * half;
    auto j = pair % half;
    auto* x = out<float>(c, 0) + row * columns + pair / half * 2 * half + j;
    auto first = x[0], second = x[half];
    auto sine = c.value[0] * angles[half + j];
    x[0] = first * angles[j] - second * sine;
    x[half] = second * angles[j] + first * sine;
  });
}

/// data: slots, table, y; size: values, columns
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::look_up> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto slot = in<int32_t>(c, 0)[i / c.size[1]];
    auto at = static_cast<uint64_t>(slot) * c.size[1] + i % c.size[1];
    out<float>(c, 2)[i] = slot < 0 ? 0.0f : in<float>(c, 1)[at];
  });
}

/// A task is a row of the table: it looks for itself among all slots, in their
/// order. data: slots, dy, dtable; size: rows of the table, columns, slots
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::look_up_gradient>, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto columns = c.size[1], count = c.size[2];
  auto* is_here = lanes.template scratch<uint32_t>();
  for (uint64_t first = 0; first < count; first += lane_count) {
    auto n = count - first < lane_count ? count - first : lane_count;
    auto any = lanes.any(n, [&](uint64_t i) {
      auto slot = in<int32_t>(c, 0)[first + i];
      auto here = slot >= 0 && static_cast<uint64_t>(slot) == task;
      is_here[i] = here ? 1 : 0;
      return here;
    });
    if (!any)
      continue;
    lanes.each(columns, [&](uint64_t column) {
      auto& sum = out<float>(c, 2)[task * columns + column];
      for (uint64_t i = 0; i < n; ++i)
        if (is_here[i] != 0)
          sum += in<float>(c, 1)[(first + i) * columns + column];
    });
  }
}

/// data: x, what the columns are; size: values, columns, key, first row;
/// value: share
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::drop> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    counter_random random{c.size[2], in<uint64_t>(c, 1)[i % c.size[1]]};
    auto& x = out<float>(c, 0)[i];
    auto gone = random.uniform(c.size[3] + i / c.size[1]) < c.value[0];
    x = gone ? 0.0f : x / (1.0f - c.value[0]);
  });
}

} // namespace nnactor::gpu
