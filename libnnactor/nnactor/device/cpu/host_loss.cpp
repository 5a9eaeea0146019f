#include "nnactor/clones.hpp"
#include "nnactor/device/cpu/host_device.hpp"
#include "nnactor/device/cpu/vector_formulas.hpp"

#include <algorithm>
#include <cmath>

#define NNACTOR_VECTORS NNACTOR_CLONES("avx512f", "avx2,fma", "default")

namespace nnactor {

namespace {

/// Whatever NaN a row holds reaches the sum of its exponentials anyway.
NNACTOR_VECTORS
float largest(std::span<const float> row) {
  return vector_largest(row.data(), row.size());
}

/// Returns the sum of exp(z - max), in lanes that are added up one after the
/// other: the same on every processor. Without the maximum, logits beyond 88
/// would overflow.
/// @param e Where the exponentials go; empty: they are not wanted.
NNACTOR_VECTORS
double exponentials(std::span<const float> z, float max, std::span<float> e) {
  constexpr size_t lanes = 16;
  constexpr size_t piece = 256; // Stays in the innermost cache.
  double sums[lanes] = {};
  float own[piece];
  for (size_t first = 0; first < z.size(); first += piece) {
    auto count = std::min(piece, z.size() - first);
    auto* out = e.empty() ? own : e.data() + first;
    for (size_t i = 0; i < count; ++i)
      out[i] = vector_exp(z[first + i] - max);
    auto whole = count - count % lanes;
    for (size_t i = 0; i < whole; i += lanes)
      for (size_t lane = 0; lane < lanes; ++lane)
        sums[lane] += static_cast<double>(out[i + lane]);
    for (auto i = whole; i < count; ++i)
      sums[i - whole] += static_cast<double>(out[i]);
  }
  auto sum = 0.0;
  for (auto part : sums)
    sum += part;
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
    auto out = dz.data == nullptr ? std::span<float>{} : dz.row(r);
    auto sum = exponentials(row, max, out);
    if (!out.empty()) {
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
