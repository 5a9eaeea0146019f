#include "nnactor/engine/stream_input.hpp"

#include <cmath>

namespace nnactor {

namespace {

/// Some rows of a matrix.
template <class T>
matrix_view<T> rows_from(matrix_view<T> x, uint64_t first, uint64_t count) {
  return {x.data + first * x.columns, count, x.columns};
}

/// The second row of the norm, empty if it has only one.
template <class T>
matrix_view<T> shift_of(matrix_view<T> x, uint64_t rows) {
  return x.rows > rows + 1 ? rows_from(x, rows + 1, 1) : matrix_view<T>{};
}

} // namespace

tensor stream_input::normalised(device& dev, matrix x) const {
  auto count = rows(x);
  auto out = make<float>(dev, {count, x.columns});
  auto values = rows_from(x, 0, count);
  if (norm_.kind == norm_kind::none)
    dev.copy_columns(values, 0, x.columns, view(out), 0);
  else
    dev.normalise(norm_, values, {rows_from(x, count, 1), shift_of(x, count)},
                  view(out));
  return std::move(out).share();
}

void stream_input::gradient(device& dev, matrix x, matrix dn,
                            mutable_matrix dx) const {
  auto count = rows(x);
  if (norm_.kind == norm_kind::none)
    return dev.copy_columns(dn, 0, x.columns, dx, 0);
  dev.clear(rows_from(dx, count, norm_rows_).values());
  dev.normalise_gradient(norm_, rows_from(x, 0, count),
                         {rows_from(x, count, 1), shift_of(x, count)}, dn,
                         rows_from(dx, 0, count),
                         {rows_from(dx, count, 1), shift_of(dx, count)});
}

float stream_reader_bound(const layer& what) {
  auto variance = 2.0 / (5.0 * static_cast<double>(what.row_width));
  return static_cast<float>(std::sqrt(3.0 * variance));
}

} // namespace nnactor
