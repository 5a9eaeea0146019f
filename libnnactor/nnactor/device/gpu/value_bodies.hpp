#pragma once

#include "nnactor/device/formulas.hpp"
#include "nnactor/device/gpu/task.hpp"
#include "nnactor/tensor/bfloat16_value.hpp"

#include <bit>
#include <cmath>

// Kernels whose values do not know of each other.

namespace nnactor::gpu {

/// data: z, y; size: values, activation
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::activate> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto act = static_cast<activation>(c.size[1]);
  each_value(k, c, task, lanes, [&](uint64_t i) {
    out<float>(c, 1)[i] = formulas::activate(act, in<float>(c, 0)[i]);
  });
}

/// data: z or y, dy, dz; size: values, activation
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::activate_gradient> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto act = static_cast<activation>(c.size[1]);
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto at = act == activation::none ? 0.0f : in<float>(c, 0)[i];
    out<float>(c, 2)[i] =
        formulas::activate_gradient(act, at, in<float>(c, 1)[i]);
  });
}

/// data: x; size: values; value: factor
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::scale> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes,
             [&](uint64_t i) { out<float>(c, 0)[i] *= c.value[0]; });
}

/// data: x, y; size: values
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::add> k, const command& c, uint64_t task,
                             Lanes& lanes) {
  each_value(k, c, task, lanes,
             [&](uint64_t i) { out<float>(c, 1)[i] += in<float>(c, 0)[i]; });
}

/// data: x; size: values
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::clear> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes,
             [&](uint64_t i) { out<float>(c, 0)[i] = 0.0f; });
}

/// data: x, y; size: values
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::round> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    out<float>(c, 1)[i] = round_to_bfloat16(in<float>(c, 0)[i]);
  });
}

/// data: x, y in bfloat16; size: values
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::narrow> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto rounded = round_to_bfloat16(in<float>(c, 0)[i]);
    out<uint16_t>(c, 1)[i] =
        static_cast<uint16_t>(std::bit_cast<uint32_t>(rounded) >> 16);
  });
}

/// data: from, to; size: values, columns to copy, columns of `from`, first of
/// them, columns of `to`, first of them
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::copy_columns> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto row = i / c.size[1];
    auto column = i % c.size[1];
    out<float>(c, 1)[row * c.size[4] + c.size[5] + column] =
        in<float>(c, 0)[row * c.size[2] + c.size[3] + column];
  });
}

/// data: from, to, spans in order; size: values, columns to copy, spans,
/// columns of `from`, columns of `to`
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::copy_spans> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  const auto* spans = in<packed_span>(c, 2);
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto row = i / c.size[1];
    auto column = i % c.size[1];
    // The last that begins there or before.
    uint64_t low = 0, high = c.size[2];
    while (high - low > 1) {
      auto middle = (low + high) / 2;
      (spans[middle].first <= column ? low : high) = middle;
    }
    auto offset = column - spans[low].first;
    out<float>(c, 1)[row * c.size[4] + spans[low].to + offset] =
        in<float>(c, 0)[row * c.size[3] + spans[low].from + offset];
  });
}

/// data: z, labels, largest value and inverse sum by row, dz; size: values,
/// columns; value: scale
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::softmax_gradient> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto row = i / c.size[1];
    auto label = static_cast<int64_t>(in<int32_t>(c, 1)[row]);
    const auto* by = in<float>(c, 2) + 2 * row;
    auto here = static_cast<int64_t>(i % c.size[1]) == label;
    out<float>(c, 3)[i] =
        std::exp(in<float>(c, 0)[i] - by[0]) * (by[1] * c.value[0])
        - (here ? c.value[0] : 0.0f);
  });
}

/// data: row, z; size: values, columns
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::fill_rows> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    out<float>(c, 1)[i] = in<float>(c, 0)[i % c.size[1]];
  });
}

/// data: labels, y; size: values, columns
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::one_hot> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto label = static_cast<uint64_t>(in<int32_t>(c, 0)[i / c.size[1]]);
    out<float>(c, 1)[i] = i % c.size[1] == label ? 1.0f : 0.0f;
  });
}

/// data: tokens, table, y; size: values, units, positions, tokens of the table
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::embed> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto units = c.size[1], positions = c.size[2];
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto row = i / (units * positions);
    auto unit = i / positions % units;
    auto token = in<int32_t>(c, 0)[row * positions + i % positions];
    out<float>(c, 2)[i] =
        in<float>(c, 1)[unit * c.size[3] + static_cast<uint64_t>(token)];
  });
}

/// data: x, values, columns, bias or null, z; size: values of z, units, values
/// a unit, columns of x
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::sparse_affine> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  auto units = c.size[1], degree = c.size[2];
  each_value(k, c, task, lanes, [&](uint64_t i) {
    auto unit = i % units;
    const auto* x = in<float>(c, 0) + i / units * c.size[3];
    auto sum = c.data[3] == nullptr ? 0.0f : in<float>(c, 3)[unit];
    for (auto at = unit * degree; at < (unit + 1) * degree; ++at)
      sum += in<float>(c, 1)[at] * x[in<uint32_t>(c, 2)[at]];
    out<float>(c, 4)[i] = sum;
  });
}

/// data: dz, values, first reader of each column (CSC), the readers' places
/// among the values, dx; size: values of dx, columns, units, values a unit
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::sparse_input_gradient> k,
                             const command& c, uint64_t task, Lanes& lanes) {
  auto columns = c.size[1], units = c.size[2], degree = c.size[3];
  each_value(k, c, task, lanes, [&](uint64_t i) {
    const auto* dz = in<float>(c, 0) + i / columns * units;
    const auto* readers = in<uint32_t>(c, 2) + i % columns;
    auto sum = 0.0f;
    for (auto reader = readers[0]; reader < readers[1]; ++reader) {
      auto at = in<uint32_t>(c, 3)[reader];
      sum += dz[at / degree] * in<float>(c, 1)[at];
    }
    out<float>(c, 4)[i] = sum;
  });
}

/// data: dz, x, columns, dw; size: values of dw, values a unit, rows, units,
/// columns of x
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::sparse_weight_gradient> k,
                             const command& c, uint64_t task, Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    const auto* dz = in<float>(c, 0) + i / c.size[1];
    const auto* x = in<float>(c, 1) + in<uint32_t>(c, 2)[i];
    auto sum = 0.0f;
    for (uint64_t r = 0; r < c.size[2]; ++r)
      sum += dz[r * c.size[3]] * x[r * c.size[4]];
    out<float>(c, 3)[i] += sum;
  });
}

/// data: w, g, v; size: values; value: rate, momentum, decay
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::sgd> k, const command& c, uint64_t task,
                             Lanes& lanes) {
  each_value(k, c, task, lanes, [&](uint64_t i) {
    formulas::sgd(out<float>(c, 0)[i], in<float>(c, 1)[i], out<float>(c, 2)[i],
                  c.value[0], c.value[1], c.value[2]);
  });
}

/// data: w, g, m, v; size: values; value: `formulas::adam_factors`
template <class Lanes>
NNACTOR_EVERYWHERE void body(of<kernel::adam> k, const command& c,
                             uint64_t task, Lanes& lanes) {
  formulas::adam_factors by{c.value[0], c.value[1], c.value[2], c.value[3],
                            c.value[4], c.value[5], c.value[6], c.value[7]};
  each_value(k, c, task, lanes, [&](uint64_t i) {
    formulas::adam(out<float>(c, 0)[i], in<float>(c, 1)[i], out<float>(c, 2)[i],
                   out<float>(c, 3)[i], by);
  });
}

} // namespace nnactor::gpu
