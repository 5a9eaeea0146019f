#include "nnactor/device/cpu/host_device.hpp"

#include "nnactor/device/formulas.hpp"

#include <array>

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
  for (size_t i = 0; i < w.size(); ++i)
    formulas::sgd(w[i], g[i], v[i], rate, momentum, decay);
}

void host_device::adam(std::span<float> w, std::span<const float> g,
                       std::span<float> m, std::span<float> v,
                       const adam_step& how) {
  auto by = formulas::factors(how);
  for (size_t i = 0; i < w.size(); ++i)
    formulas::adam(w[i], g[i], m[i], v[i], by);
}

} // namespace nnactor
