#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/engine/learnable.hpp"

namespace nnactor {

/// A matrix w[n,c] of a layer's parameters by which rows are multiplied, in
/// float32 or in values that are rounded to bfloat16.
class projection {
public:
  /// @param from Its values, in whatever number of columns they are kept.
  projection(learnable& from, uint64_t columns, precision how)
      : from_(from), columns_(columns), how_(how) {
  }

  /// z[r,n] = x[r,c] w^T + b[n]; an empty b counts as 0.
  /// @param by_row Here and below: in float32, each row as if it were alone.
  void forward(device& dev, matrix x, std::span<const float> b,
               mutable_matrix z, bool by_row = false);

  /// x[r,c] = z[r,n] w
  void backward(device& dev, matrix z, mutable_matrix x, bool by_row = false);

  /// Adds dz^T x to the gradient of w and the column sums of dz to db, unless
  /// that is empty.
  void accumulate(device& dev, matrix dz, matrix x, std::span<float> db = {});

  /// The values are others than before.
  void on_change() {
    is_current_ = false;
  }

private:
  matrix values(device& dev);
  packed_weights& packed(device& dev);

  learnable& from_;
  uint64_t columns_;
  precision how_;
  const device* by_ = nullptr; ///< Who packed them.
  packed_ptr packed_;
  bool is_current_ = false; ///< The packed ones are the present ones.
};

} // namespace nnactor
