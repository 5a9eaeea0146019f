#include "nnactor/device/cpu/host_device.hpp"

#include "nnactor/tensor/bfloat16.hpp"

#include <algorithm>

namespace nnactor {

double host_device::count_correct(matrix z, token_matrix labels) {
  auto correct = 0.0;
  for (uint64_t r = 0; r < z.rows; ++r) {
    auto row = z.row(r);
    auto best = std::ranges::max_element(row) - row.begin();
    correct += best == labels.data[r] ? 1.0 : 0.0;
  }
  return correct;
}

void host_device::one_hot(token_matrix labels, mutable_matrix y) {
  clear(y.values());
  for (uint64_t r = 0; r < labels.rows; ++r)
    y.row(r)[static_cast<size_t>(labels.data[r])] = 1.0f;
}

void host_device::copy_columns(matrix from, uint64_t first, uint64_t count,
                               mutable_matrix to, uint64_t at) {
  for (uint64_t r = 0; r < from.rows; ++r)
    std::ranges::copy(from.row(r).subspan(first, count),
                      to.row(r).subspan(at).begin());
}

void host_device::clear(std::span<float> x) {
  std::ranges::fill(x, 0.0f);
}

void host_device::round(std::span<const float> x, std::span<float> y) {
  for (size_t i = 0; i < x.size(); ++i)
    y[i] = round_to_bfloat16(x[i]);
}

void host_device::add_to_rows(std::span<const float> row, mutable_matrix y) {
  for (uint64_t r = 0; r < y.rows; ++r)
    add(row, y.row(r));
}

// Nothing where `sums` is empty.
void host_device::add_column_sums(matrix x, std::span<float> sums) {
  for (size_t c = 0; c < sums.size(); ++c) {
    auto sum = 0.0;
    for (uint64_t r = 0; r < x.rows; ++r)
      sum += static_cast<double>(x.row(r)[c]);
    sums[c] += static_cast<float>(sum);
  }
}

} // namespace nnactor
