#pragma once

#include <cstdint>
#include <span>

namespace nnactor {

/// A row-major matrix that somebody else owns.
template <class T>
struct matrix_view {
  T* data = nullptr;
  uint64_t rows = 0;
  uint64_t columns = 0;

  std::span<T> values() const noexcept {
    return {data, rows * columns};
  }

  /// @pre `index < rows`
  std::span<T> row(uint64_t index) const noexcept {
    return {data + index * columns, columns};
  }
};

using matrix = matrix_view<const float>;
using mutable_matrix = matrix_view<float>;
using token_matrix = matrix_view<const int32_t>;

inline matrix as_const(mutable_matrix x) noexcept {
  return {x.data, x.rows, x.columns};
}

} // namespace nnactor
