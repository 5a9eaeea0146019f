#include "nnactor/device/cpu/host_device.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

/// Returns the largest value, or NaN if the first one is: whatever NaN a row
/// holds reaches the sum of its exponentials anyway.
float largest(std::span<const float> row) {
  auto best = row.front();
  for (auto x : row)
    best = x > best ? x : best;
  return best;
}

/// Writes exp(z - max) and returns their sum. Without the maximum, logits
/// beyond 88 would overflow.
double exponentials(std::span<const float> z, float max, std::span<float> e) {
  auto sum = 0.0;
  for (size_t i = 0; i < z.size(); ++i) {
    e[i] = std::exp(z[i] - max);
    sum += static_cast<double>(e[i]);
  }
  return sum;
}

double sum_of_exponentials(std::span<const float> z, float max) {
  auto sum = 0.0;
  for (auto x : z)
    sum += static_cast<double>(std::exp(x - max));
  return sum;
}

} // namespace

void host_device::softmax(matrix z, mutable_matrix y) {
  for (uint64_t r = 0; r < z.rows; ++r) {
    auto out = y.row(r);
    auto sum = exponentials(z.row(r), largest(z.row(r)), out);
    scale(static_cast<float>(1.0 / sum), out);
  }
}

double host_device::softmax_cross_entropy(matrix z, token_matrix labels,
                                          float factor, mutable_matrix dz) {
  auto loss = 0.0;
  for (uint64_t r = 0; r < z.rows; ++r) {
    auto row = z.row(r);
    auto label = static_cast<size_t>(labels.data[r]);
    auto max = largest(row);
    auto sum = 0.0;
    if (dz.data == nullptr) {
      sum = sum_of_exponentials(row, max);
    } else {
      auto out = dz.row(r);
      sum = exponentials(row, max, out);
      scale(static_cast<float>(static_cast<double>(factor) / sum), out);
      out[label] -= factor;
    }
    loss += std::log(sum) - static_cast<double>(row[label] - max);
  }
  return loss;
}

double host_device::mean_squared_error(matrix z, matrix targets, float factor,
                                       mutable_matrix dz) {
  auto slope = 2.0f / static_cast<float>(z.columns) * factor;
  auto loss = 0.0;
  for (uint64_t r = 0; r < z.rows; ++r) {
    auto sum = 0.0;
    for (uint64_t c = 0; c < z.columns; ++c) {
      auto error = z.row(r)[c] - targets.row(r)[c];
      sum += static_cast<double>(error) * static_cast<double>(error);
      if (dz.data != nullptr)
        dz.row(r)[c] = error * slope;
    }
    loss += sum / static_cast<double>(z.columns);
  }
  return loss;
}

} // namespace nnactor
