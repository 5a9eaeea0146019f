#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/device/cpu/host_device.hpp"

#include "nnactor/tensor/bfloat16.hpp"

#include <vector>

namespace nnactor {

namespace {

/// A matrix of values rounded to bfloat16, each as a float.
struct rounded_matrix final : packed_weights {
  explicit rounded_matrix(matrix x)
      : rows(x.rows), columns(x.columns), values(rows * columns) {
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = round_to_bfloat16(x.data[i]);
  }

  matrix view() const {
    return {values.data(), rows, columns};
  }

  uint64_t rows;
  uint64_t columns;
  std::vector<float> values;
};

matrix view(const packed_weights& w) {
  return static_cast<const rounded_matrix&>(w).view();
}

} // namespace

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
      auto sum = b.empty() ? 0.0 : static_cast<double>(b[u]);
      for (uint64_t c = 0; c < x.columns; ++c)
        sum += static_cast<double>(row[c]) * static_cast<double>(weights[c]);
      z.row(r)[u] = static_cast<float>(sum);
    }
}

// These depend on one row each as they are.

void host_device::affine_by_row(matrix x, matrix w, std::span<const float> b,
                                mutable_matrix z) {
  host_device::affine(x, w, b, z);
}

void host_device::product_by_row(matrix z, matrix w, mutable_matrix x) {
  host_device::affine_input_gradient(z, w, x);
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
  }
  add_column_sums(dz, db);
}

packed_ptr host_device::pack(matrix w, packed_ptr) {
  return std::make_shared<rounded_matrix>(w);
}

void host_device::packed_affine(matrix x, packed_weights& w,
                                std::span<const float> b, mutable_matrix z) {
  host_device::affine(rounded_matrix{x}.view(), view(w), b, z);
}

void host_device::packed_input_gradient(matrix dz, packed_weights& w,
                                        mutable_matrix dx) {
  host_device::affine_input_gradient(rounded_matrix{dz}.view(), view(w), dx);
}

void host_device::bfloat16_weight_gradient(matrix dz, matrix x,
                                           mutable_matrix dw,
                                           std::span<float> db) {
  host_device::affine_weight_gradient(rounded_matrix{dz}.view(),
                                      rounded_matrix{x}.view(), dw, {});
  add_column_sums(dz, db);
}

std::unique_ptr<device> make_reference_device() {
  return std::make_unique<host_device>();
}

} // namespace nnactor
