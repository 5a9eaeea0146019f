#pragma once

#include "nnactor/device/matrix.hpp"

namespace nnactor {

/// A part of a row-major matrix: its rows are `stride` values apart.
template <class T>
struct strided_view {
  strided_view(T* data, uint64_t rows, uint64_t columns, uint64_t stride)
      : data(data), rows(rows), columns(columns), stride(stride) {
  }

  strided_view(matrix_view<T> x)
      : strided_view(x.data, x.rows, x.columns, x.columns) {
  }

  T* data;
  uint64_t rows, columns, stride;
};

using strided_matrix = strided_view<const float>;
using mutable_strided_matrix = strided_view<float>;

/// How the two factors of a product are stored.
enum class stored : uint8_t { plain, transposed };

/// What a product of float32 is: factor op(a) op(b) + kept c, where op
/// transposes what is stored so.
struct product_terms {
  stored a = stored::plain;
  stored b = stored::plain;
  float factor = 1;
  float kept = 0; ///< Of what c holds; 0: it may hold anything.
};

/// c = the product, on one thread.
/// @param kernel What it is for, to be named in an error.
/// @throws std::runtime_error where oneDNN cannot
void multiply_float32(const char* kernel, const product_terms& how,
                      strided_matrix a, strided_matrix b,
                      mutable_strided_matrix c);

} // namespace nnactor
