#include "nnactor/clones.hpp"
#include "nnactor/device/cpu/host_device.hpp"
#include "nnactor/device/cpu/vector_formulas.hpp"
#include "nnactor/neuron/random.hpp"

#include <algorithm>
#include <cmath>

#define NNACTOR_VECTORS NNACTOR_CLONES("avx512f", "avx2,fma", "default")

namespace nnactor {

namespace {

/// Turns the values at `x` with those at `y`.
NNACTOR_VECTORS
void turn(const float* cosines, const float* sines, float sign, float* x,
          float* y, uint64_t count) {
  for (uint64_t j = 0; j < count; ++j) {
    auto first = x[j], second = y[j];
    auto sine = sign * sines[j];
    x[j] = first * cosines[j] - second * sine;
    y[j] = second * cosines[j] + first * sine;
  }
}

/// One row, `index` among all rows of its step.
/// @param below A value is taken away where the upper bits of its random number
///        are below this.
NNACTOR_VECTORS
void drop_row(const counter_random* columns, uint64_t count, uint64_t index,
              uint32_t below, float kept, float* x) {
  constexpr uint64_t piece = 64;
  uint32_t drawn[piece];
  for (uint64_t first = 0; first < count; first += piece) {
    auto n = std::min(piece, count - first);
    for (uint64_t c = 0; c < n; ++c)
      drawn[c] = static_cast<uint32_t>(columns[first + c].bits(index) >> 40);
    for (uint64_t c = 0; c < n; ++c)
      x[first + c] = vector_select(drawn[c] < below, 0.0f, x[first + c] / kept);
  }
}

} // namespace

void host_device::rotate(const rotation& how, mutable_matrix x) {
  auto half = how.head_size / 2;
  const auto& table = rotary_.of(how, [&how] { return rotary_table(how); });
  for (uint64_t r = 0; r < x.rows; ++r) {
    auto position = how.positions.data == nullptr
                        ? r % how.context
                        : static_cast<uint64_t>(how.positions.data[r]);
    const auto* angles = table.data() + position * 2 * half;
    auto* row = x.row(r).data();
    for (uint64_t c = 0; c < x.columns; c += how.head_size)
      turn(angles, angles + half, how.back ? -1.0f : 1.0f, row + c,
           row + c + half, half);
  }
}

void host_device::look_up(token_matrix slots, matrix table, mutable_matrix y) {
  for (uint64_t r = 0; r < y.rows; ++r)
    if (auto slot = slots.data[r]; slot < 0)
      std::ranges::fill(y.row(r), 0.0f);
    else
      std::ranges::copy(table.row(static_cast<uint64_t>(slot)),
                        y.row(r).begin());
}

void host_device::look_up_gradient(token_matrix slots, matrix dy,
                                   mutable_matrix dtable) {
  for (uint64_t r = 0; r < dy.rows; ++r)
    if (auto slot = slots.data[r]; slot >= 0)
      add(dy.row(r), dtable.row(static_cast<uint64_t>(slot)));
}

void host_device::drop(const dropout& how, mutable_matrix x) {
  std::vector<counter_random> columns;
  for (auto column : how.columns)
    columns.emplace_back(how.key, column);
  // What `uniform` is compared with, before it makes a float of 24 bits: there
  // are no vectors that do.
  auto below =
      static_cast<uint32_t>(std::ceil(static_cast<double>(how.share) * 0x1p24));
  for (uint64_t r = 0; r < x.rows; ++r)
    drop_row(columns.data(), columns.size(), how.first_row + r, below,
             1.0f - how.share, x.row(r).data());
}

} // namespace nnactor
