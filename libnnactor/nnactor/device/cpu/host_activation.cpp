#include "nnactor/device/cpu/host_device.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nnactor {

namespace {

// Written so that a comparison with NaN keeps the NaN.
float relu(float z) {
  return z < 0.0f ? 0.0f : z;
}

float gelu(float z) {
  constexpr auto root = std::numbers::sqrt2_v<float>;
  return 0.5f * z * (1.0f + std::erf(z / root));
}

/// Phi(z) + z phi(z), the distribution and density of a standard normal.
float gelu_slope(float z) {
  constexpr auto root = std::numbers::sqrt2_v<float>;
  constexpr auto density_at_0 =
      std::numbers::inv_sqrtpi_v<float> / std::numbers::sqrt2_v<float>;
  auto distribution = 0.5f * (1.0f + std::erf(z / root));
  return distribution + z * density_at_0 * std::exp(-0.5f * z * z);
}

float sigmoid(float z) {
  return 1.0f / (1.0f + std::exp(-z));
}

template <class F>
void map(matrix z, mutable_matrix y, F f) {
  auto in = z.values();
  auto out = y.values();
  for (size_t i = 0; i < in.size(); ++i)
    out[i] = f(in[i]);
}

/// dz = f(at, dy), where `at` is z or y.
template <class F>
void map_gradient(matrix at, matrix dy, mutable_matrix dz, F f) {
  auto points = at.values();
  auto in = dy.values();
  auto out = dz.values();
  for (size_t i = 0; i < in.size(); ++i)
    out[i] = f(points[i], in[i]);
}

} // namespace

void host_device::activate(activation act, matrix z, mutable_matrix y) {
  switch (act) {
  case activation::none:
    return map(z, y, [](float x) { return x; });
  case activation::relu:
    return map(z, y, relu);
  case activation::gelu:
    return map(z, y, gelu);
  case activation::tanh:
    return map(z, y, [](float x) { return std::tanh(x); });
  case activation::sigmoid:
    return map(z, y, sigmoid);
  }
}

void host_device::activate_gradient(activation act, matrix z, matrix y,
                                    matrix dy, mutable_matrix dz) {
  switch (act) {
  case activation::none:
    return map(dy, dz, [](float x) { return x; });
  case activation::relu:
    return map_gradient(y, dy, dz,
                        [](float x, float d) { return x > 0.0f ? d : 0.0f; });
  case activation::gelu:
    return map_gradient(z, dy, dz,
                        [](float x, float d) { return gelu_slope(x) * d; });
  case activation::tanh:
    return map_gradient(y, dy, dz,
                        [](float x, float d) { return (1.0f - x * x) * d; });
  case activation::sigmoid:
    return map_gradient(y, dy, dz,
                        [](float x, float d) { return x * (1.0f - x) * d; });
  }
}

void host_device::embed(token_matrix tokens, matrix table, mutable_matrix y) {
  for (uint64_t r = 0; r < tokens.rows; ++r) {
    auto row = tokens.row(r);
    auto* out = y.row(r).data();
    for (uint64_t u = 0; u < table.rows; ++u) {
      auto values = table.row(u);
      for (auto token : row)
        *out++ = values[static_cast<size_t>(token)];
    }
  }
}

void host_device::embed_gradient(token_matrix tokens, matrix dy,
                                 mutable_matrix dtable) {
  for (uint64_t r = 0; r < tokens.rows; ++r) {
    auto row = tokens.row(r);
    const auto* in = dy.row(r).data();
    for (uint64_t u = 0; u < dtable.rows; ++u) {
      auto values = dtable.row(u);
      for (auto token : row)
        values[static_cast<size_t>(token)] += *in++;
    }
  }
}

} // namespace nnactor
