#include "nnactor/clones.hpp"
#include "nnactor/device/cpu/host_device.hpp"

#include <cmath>

#define NNACTOR_VECTORS NNACTOR_CLONES("avx512f", "avx2,fma", "default")

namespace nnactor {

namespace {

/// What a row is normalised by.
struct row_moments {
  float mean = 0;
  float inverse = 1; ///< Of the deviation.
};

/// Sums of(i) for [0, count) in double precision: eight lanes, one after the
/// other at the end, the same on every processor.
template <class F>
inline __attribute__((always_inline)) double sum_in_lanes(uint64_t count,
                                                          F of) {
  constexpr uint64_t lanes = 8;
  double sums[lanes] = {};
  auto whole = count - count % lanes;
  for (uint64_t i = 0; i < whole; i += lanes)
    for (uint64_t lane = 0; lane < lanes; ++lane)
      sums[lane] += static_cast<double>(of(i + lane));
  for (auto i = whole; i < count; ++i)
    sums[i - whole] += static_cast<double>(of(i));
  auto sum = 0.0;
  for (auto part : sums)
    sum += part;
  return sum;
}

NNACTOR_VECTORS
row_moments moments_of(const norm_settings& how, const float* x,
                       uint64_t count) {
  auto share = 1.0 / static_cast<double>(count);
  row_moments out;
  if (how.kind == norm_kind::layer)
    out.mean = static_cast<float>(
        sum_in_lanes(count, [x](uint64_t i) { return x[i]; }) * share);
  auto square = sum_in_lanes(count, [x, mean = out.mean](uint64_t i) {
    auto centred = static_cast<double>(x[i] - mean);
    return centred * centred;
  });
  out.inverse =
      static_cast<float>(1.0 / std::sqrt(square * share + how.epsilon));
  return out;
}

/// @param shift Null: none.
NNACTOR_VECTORS
void normalise_row(row_moments of, const float* x, const float* gain,
                   const float* shift, float* y, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    y[i] = (x[i] - of.mean) * of.inverse * gain[i];
  if (shift != nullptr)
    for (uint64_t i = 0; i < count; ++i)
      y[i] += shift[i];
}

/// y += x
NNACTOR_VECTORS
void add_row(const float* x, float* y, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i)
    y[i] += x[i];
}

/// dx is what there is of dy, through the gain, at a right angle to the row
/// and, of kind layer, to equal values: neither changes a normalised row.
NNACTOR_VECTORS
void normalise_row_back(const norm_settings& how, row_moments of,
                        const float* x, const float* gain, const float* dy,
                        float* dx, float* dgain, uint64_t count) {
  auto share = 1.0 / static_cast<double>(count);
  auto along = static_cast<float>(
      sum_in_lanes(count,
                   [=](uint64_t i) {
                     auto normal = (x[i] - of.mean) * of.inverse;
                     return static_cast<double>(dy[i] * gain[i])
                            * static_cast<double>(normal);
                   })
      * share);
  auto equal = 0.0f;
  if (how.kind == norm_kind::layer)
    equal = static_cast<float>(
        sum_in_lanes(count, [=](uint64_t i) { return dy[i] * gain[i]; })
        * share);
  for (uint64_t i = 0; i < count; ++i) {
    auto normal = (x[i] - of.mean) * of.inverse;
    dgain[i] += dy[i] * normal;
    dx[i] = (dy[i] * gain[i] - equal - normal * along) * of.inverse;
  }
}

/// Which row of gains a row of x has.
uint64_t gain_row(const device::norm_rows& by, uint64_t row) {
  return row / by.repeat % by.gain.rows;
}

bool has_shift(const norm_settings& how) {
  return how.kind == norm_kind::layer;
}

} // namespace

void host_device::normalise(const norm_settings& how, matrix x,
                            const norm_rows& by, mutable_matrix y) {
  for (uint64_t r = 0; r < x.rows; ++r) {
    auto k = gain_row(by, r);
    const auto* row = x.row(r).data();
    normalise_row(moments_of(how, row, x.columns), row, by.gain.row(k).data(),
                  has_shift(how) ? by.shift.row(k).data() : nullptr,
                  y.row(r).data(), x.columns);
  }
}

void host_device::normalise_gradient(const norm_settings& how, matrix x,
                                     const norm_rows& by, matrix dy,
                                     mutable_matrix dx,
                                     const norm_row_gradients& dby) {
  for (uint64_t r = 0; r < x.rows; ++r) {
    auto k = gain_row(by, r);
    const auto* row = x.row(r).data();
    normalise_row_back(how, moments_of(how, row, x.columns), row,
                       by.gain.row(k).data(), dy.row(r).data(),
                       dx.row(r).data(), dby.gain.row(k).data(), x.columns);
    if (has_shift(how))
      add_row(dy.row(r).data(), dby.shift.row(k).data(), x.columns);
  }
}

} // namespace nnactor
