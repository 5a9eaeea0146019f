#include "nnactor/device/cpu/host_device.hpp"

#include <array>
#include <cmath>

namespace nnactor {

void host_device::scale(float factor, std::span<float> x) {
  for (auto& value : x)
    value *= factor;
}

void host_device::add(std::span<const float> x, std::span<float> y) {
  for (size_t i = 0; i < x.size(); ++i)
    y[i] += x[i];
}

double host_device::squared_norm(std::span<const float> x) {
  // Independent partial sums: one alone would wait for each addition. Their
  // number is part of the result, so it is fixed.
  std::array<double, 16> sums{};
  for (size_t i = 0; i < x.size(); i += sums.size())
    for (size_t k = 0; k < sums.size() && i + k < x.size(); ++k) {
      auto value = static_cast<double>(x[i + k]);
      sums[k] += value * value;
    }
  auto sum = 0.0;
  for (auto part : sums)
    sum += part;
  return sum;
}

void host_device::sgd(std::span<float> w, std::span<const float> g,
                      std::span<float> v, float rate, float momentum,
                      float decay) {
  for (size_t i = 0; i < w.size(); ++i) {
    v[i] = momentum * v[i] + (g[i] + decay * w[i]);
    w[i] -= rate * v[i];
  }
}

void host_device::adam(std::span<float> w, std::span<const float> g,
                       std::span<float> m, std::span<float> v,
                       const adam_step& how) {
  auto coupled = how.decoupled ? 0.0f : how.decay;
  auto shrink = how.decoupled ? how.rate * how.decay : 0.0f;
  // Division is the slowest operation here, so there is one a value.
  auto correct1 = 1.0f / how.correction1;
  auto correct2 = 1.0f / how.correction2;
  for (size_t i = 0; i < w.size(); ++i) {
    auto gradient = g[i] + coupled * w[i];
    m[i] = how.beta1 * m[i] + (1.0f - how.beta1) * gradient;
    v[i] = how.beta2 * v[i] + (1.0f - how.beta2) * (gradient * gradient);
    auto mean = m[i] * correct1;
    auto deviation = std::sqrt(v[i] * correct2);
    w[i] -= shrink * w[i] + how.rate * (mean / (deviation + how.epsilon));
  }
}

} // namespace nnactor
