#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/device/cpu/host_device.hpp"

namespace nnactor {

// Sums run in double precision: what faster kernels are compared with should
// not have rounding errors of its own.

std::string host_device::name() const {
  return "reference";
}

void host_device::affine(matrix x, matrix w, std::span<const float> b,
                         mutable_matrix z) {
  for (uint64_t r = 0; r < z.rows; ++r)
    for (uint64_t u = 0; u < z.columns; ++u) {
      auto row = x.row(r);
      auto weights = w.row(u);
      auto sum = static_cast<double>(b[u]);
      for (uint64_t c = 0; c < x.columns; ++c)
        sum += static_cast<double>(row[c]) * static_cast<double>(weights[c]);
      z.row(r)[u] = static_cast<float>(sum);
    }
}

void host_device::affine_input_gradient(matrix dz, matrix w,
                                        mutable_matrix dx) {
  for (uint64_t r = 0; r < dx.rows; ++r)
    for (uint64_t c = 0; c < dx.columns; ++c) {
      auto sum = 0.0;
      for (uint64_t u = 0; u < dz.columns; ++u)
        sum += static_cast<double>(dz.row(r)[u])
               * static_cast<double>(w.row(u)[c]);
      dx.row(r)[c] = static_cast<float>(sum);
    }
}

void host_device::affine_weight_gradient(matrix dz, matrix x, mutable_matrix dw,
                                         std::span<float> db) {
  for (uint64_t u = 0; u < dw.rows; ++u) {
    for (uint64_t c = 0; c < dw.columns; ++c) {
      auto sum = 0.0;
      for (uint64_t r = 0; r < dz.rows; ++r)
        sum += static_cast<double>(dz.row(r)[u])
               * static_cast<double>(x.row(r)[c]);
      dw.row(u)[c] += static_cast<float>(sum);
    }
    auto sum = 0.0;
    for (uint64_t r = 0; r < dz.rows; ++r)
      sum += static_cast<double>(dz.row(r)[u]);
    db[u] += static_cast<float>(sum);
  }
}

std::unique_ptr<device> make_reference_device() {
  return std::make_unique<host_device>();
}

} // namespace nnactor
