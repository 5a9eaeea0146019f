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

/// y = exp(z - max) * factor
NNACTOR_VECTORS
void scaled_exponentials(const float* __restrict z, float max, float factor,
                         float* __restrict y, size_t count) {
  for (size_t i = 0; i < count; ++i)
    y[i] = vector_exp(z[i] - max) * factor;
}

/// Whether the largest value of a row, the first of equal ones, is at the
/// label. NaN is no larger than others, but none is larger than a NaN in front.
NNACTOR_VECTORS
bool is_first_largest(std::span<const float> row, size_t label) {
  auto value = row[label];
  if (std::isnan(row[0]) || std::isnan(value))
    return label == 0;
  auto beaten = 0; // No loop ends early, so that both become vectors.
  for (size_t i = 0; i < label; ++i)
    beaten |= row[i] >= value ? 1 : 0;
  for (auto i = label + 1; i < row.size(); ++i)
    beaten |= row[i] > value ? 1 : 0;
  return beaten == 0;
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

void host_device::softmax_summary(matrix z, token_matrix labels,
                                  mutable_matrix s) {
  for (uint64_t r = 0; r < z.rows; ++r) {
    auto row = z.row(r);
    auto max = largest(row);
    auto out = s.row(r);
    out[0] = max;
    out[1] = static_cast<float>(exponentials(row, max, {}));
    out[2] = out[3] = 0.0f;
    if (labels.data[r] < 0)
      continue;
    auto label = static_cast<size_t>(labels.data[r]);
    out[2] = row[label];
    // Most labels lose to the maximum at once.
    auto hit = !(row[label] < max) && is_first_largest(row, label);
    out[3] = hit ? 1.0f : 0.0f;
  }
}

void host_device::softmax_gradient(matrix z, token_matrix labels, matrix norm,
                                   float factor, mutable_matrix dz) {
  for (uint64_t r = 0; r < z.rows; ++r) {
    auto by = norm.row(r);
    auto out = dz.row(r);
    scaled_exponentials(z.row(r).data(), by[0], by[1] * factor, out.data(),
                        out.size());
    if (labels.data[r] >= 0)
      out[static_cast<size_t>(labels.data[r])] -= factor;
  }
}

double host_device::count_correct(matrix z, token_matrix labels) {
  auto correct = 0.0;
  for (uint64_t r = 0; r < z.rows; ++r) {
    auto label = static_cast<size_t>(labels.data[r]);
    correct += is_first_largest(z.row(r), label) ? 1.0 : 0.0;
  }
  return correct;
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
