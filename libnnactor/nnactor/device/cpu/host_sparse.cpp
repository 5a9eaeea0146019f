#include "nnactor/clones.hpp"
#include "nnactor/device/cpu/host_device.hpp"

#include <algorithm>
#include <vector>

#define NNACTOR_VECTORS NNACTOR_CLONES("avx512f", "avx2,fma", "default")

namespace nnactor {

namespace {

struct listed_columns final : sparse_pattern {
  std::vector<uint32_t> columns;
};

const std::vector<uint32_t>& columns_of(const sparse_pattern& x) {
  return static_cast<const listed_columns&>(x).columns;
}

/// A matrix turned on its side: a connection then reads and writes the rows of
/// a micro-batch side by side.
class transposed {
public:
  explicit transposed(matrix x) : transposed(x.columns, x.rows) {
    each_tile(x.rows, x.columns, [&](uint64_t r, uint64_t c) {
      values_[c * x.rows + r] = x.data[r * x.columns + c];
    });
  }

  /// Of zeros.
  transposed(uint64_t rows, uint64_t columns)
      : columns_(columns), values_(rows * columns) {
  }

  float* row(uint64_t index) {
    return values_.data() + index * columns_;
  }

  const float* row(uint64_t index) const {
    return values_.data() + index * columns_;
  }

  void copy_to(mutable_matrix out) const {
    each_tile(out.rows, out.columns, [&](uint64_t r, uint64_t c) {
      out.data[r * out.columns + c] = values_[c * columns_ + r];
    });
  }

private:
  /// Tiles keep both sides in the cache.
  template <class F>
  static void each_tile(uint64_t rows, uint64_t columns, F f) {
    constexpr uint64_t tile = 16;
    for (uint64_t first_r = 0; first_r < rows; first_r += tile)
      for (uint64_t first_c = 0; first_c < columns; first_c += tile)
        for (auto c = first_c; c < std::min(first_c + tile, columns); ++c)
          for (auto r = first_r; r < std::min(first_r + tile, rows); ++r)
            f(r, c);
  }

  uint64_t columns_;
  std::vector<float> values_;
};

/// y += factor x
NNACTOR_VECTORS
void add_scaled(float factor, const float* x, float* y, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    y[i] += factor * x[i];
}

/// Sums in sixteen lanes, one after the other at the end: the same on every
/// processor but for fused multiplications.
NNACTOR_VECTORS
float dot(const float* x, const float* y, uint64_t count) {
  constexpr uint64_t lanes = 16;
  float sums[lanes] = {};
  auto whole = count - count % lanes;
  for (uint64_t i = 0; i < whole; i += lanes)
    for (uint64_t lane = 0; lane < lanes; ++lane)
      sums[lane] += x[i + lane] * y[i + lane];
  for (auto i = whole; i < count; ++i)
    sums[i - whole] += x[i] * y[i];
  auto sum = 0.0f;
  for (auto x : sums)
    sum += x;
  return sum;
}

} // namespace

pattern_ptr host_device::prepare(std::span<const uint32_t> columns, uint64_t,
                                 uint64_t) {
  auto out = std::make_shared<listed_columns>();
  out->columns.assign(columns.begin(), columns.end());
  return out;
}

void host_device::sparse_affine(matrix x, sparse_matrix w,
                                std::span<const float> b, mutable_matrix z) {
  const transposed xt{x};
  transposed zt{z.columns, z.rows};
  auto column = columns_of(w.pattern).begin();
  for (uint64_t u = 0; u < w.values.rows; ++u) {
    std::fill_n(zt.row(u), z.rows, b.empty() ? 0.0f : b[u]);
    for (auto weight : w.values.row(u))
      add_scaled(weight, xt.row(*column++), zt.row(u), z.rows);
  }
  zt.copy_to(z);
}

void host_device::sparse_input_gradient(matrix dz, sparse_matrix w,
                                        mutable_matrix dx) {
  const transposed dzt{dz};
  transposed dxt{dx.columns, dx.rows};
  auto column = columns_of(w.pattern).begin();
  for (uint64_t u = 0; u < w.values.rows; ++u)
    for (auto weight : w.values.row(u))
      add_scaled(weight, dzt.row(u), dxt.row(*column++), dx.rows);
  dxt.copy_to(dx);
}

void host_device::sparse_weight_gradient(matrix dz, matrix x,
                                         const sparse_pattern& pattern,
                                         mutable_matrix dw,
                                         std::span<float> db) {
  const transposed dzt{dz};
  const transposed xt{x};
  auto column = columns_of(pattern).begin();
  for (uint64_t u = 0; u < dw.rows; ++u) {
    for (auto& d : dw.row(u))
      d += dot(dzt.row(u), xt.row(*column++), dz.rows);
    if (!db.empty())
      for (uint64_t r = 0; r < dz.rows; ++r)
        db[u] += dzt.row(u)[r];
  }
}

} // namespace nnactor
