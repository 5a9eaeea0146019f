#pragma once

#include "nnactor/device/everywhere.hpp"
#include "nnactor/network/activation.hpp"

#include <cmath>
#include <numbers>

namespace nnactor::formulas {

// Written so that a comparison with NaN keeps the NaN.
NNACTOR_EVERYWHERE inline float relu(float z) {
  return z < 0.0f ? 0.0f : z;
}

/// arXiv 1606.08415
NNACTOR_EVERYWHERE inline float gelu(float z) {
  constexpr auto root = std::numbers::sqrt2_v<float>;
  return 0.5f * z * (1.0f + std::erf(z / root));
}

/// Phi(z) + z phi(z), the distribution and density of a standard normal.
NNACTOR_EVERYWHERE inline float gelu_slope(float z) {
  constexpr auto root = std::numbers::sqrt2_v<float>;
  constexpr auto density_at_0 =
      std::numbers::inv_sqrtpi_v<float> / std::numbers::sqrt2_v<float>;
  auto distribution = 0.5f * (1.0f + std::erf(z / root));
  return distribution + z * density_at_0 * std::exp(-0.5f * z * z);
}

NNACTOR_EVERYWHERE inline float sigmoid(float z) {
  return 1.0f / (1.0f + std::exp(-z));
}

/// arXiv 1702.03118
NNACTOR_EVERYWHERE inline float silu(float z) {
  return z * sigmoid(z);
}

NNACTOR_EVERYWHERE inline float silu_slope(float z) {
  auto gate = sigmoid(z);
  return gate * (1.0f + z * (1.0f - gate));
}

NNACTOR_EVERYWHERE inline float activate(activation act, float z) {
  switch (act) {
  case activation::none:
    return z;
  case activation::relu:
    return relu(z);
  case activation::gelu:
    return gelu(z);
  case activation::tanh:
    return std::tanh(z);
  case activation::sigmoid:
    return sigmoid(z);
  case activation::silu:
    return silu(z);
  }
  return z;
}

/// dz of dy, at z where `needs_z` and at y for all others.
NNACTOR_EVERYWHERE inline float activate_gradient(activation act, float at,
                                                  float dy) {
  switch (act) {
  case activation::none:
    return dy;
  case activation::relu:
    return at > 0.0f ? dy : 0.0f;
  case activation::gelu:
    return gelu_slope(at) * dy;
  case activation::tanh:
    return (1.0f - at * at) * dy;
  case activation::sigmoid:
    return at * (1.0f - at) * dy;
  case activation::silu:
    return silu_slope(at) * dy;
  }
  return dy;
}

NNACTOR_EVERYWHERE inline void sgd(float& w, float g, float& v, float rate,
                                   float momentum, float decay) {
  v = momentum * v + (g + decay * w);
  w -= rate * v;
}

/// What a step of Adam needs for every value alike.
struct adam_factors {
  float rate, beta1, beta2, epsilon;
  // Division is the slowest operation here, so there is one a value.
  float inverse_correction1, inverse_correction2;
  float coupled; ///< Weight decay through the gradient,
  float shrink;  ///< and beside it.
};

/// @param how A `device::adam_step`.
template <class Step>
adam_factors factors(const Step& how) {
  return {how.rate,
          how.beta1,
          how.beta2,
          how.epsilon,
          1.0f / how.correction1,
          1.0f / how.correction2,
          how.decoupled ? 0.0f : how.decay,
          how.decoupled ? how.rate * how.decay : 0.0f};
}

NNACTOR_EVERYWHERE inline void adam(float& w, float g, float& m, float& v,
                                    const adam_factors& by) {
  auto gradient = g + by.coupled * w;
  m = by.beta1 * m + (1.0f - by.beta1) * gradient;
  v = by.beta2 * v + (1.0f - by.beta2) * (gradient * gradient);
  auto mean = m * by.inverse_correction1;
  auto deviation = std::sqrt(v * by.inverse_correction2);
  w -= by.shrink * w + by.rate * (mean / (deviation + by.epsilon));
}

} // namespace nnactor::formulas
