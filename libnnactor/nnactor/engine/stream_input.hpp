#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/engine/columns.hpp"

namespace nnactor {

/// What attention, mlp and vocabulary read: all columns x[r+e,c] of a stream,
/// of which the last e rows are gain and shift of its norm, see
/// `layer::norm_rows`.
class stream_input {
public:
  explicit stream_input(const layer& stream)
      : norm_(stream.norm), norm_rows_(stream.norm_rows()) {
  }

  const norm_settings& norm() const {
    return norm_;
  }

  /// Rows of gain and shift.
  uint64_t norm_rows() const {
    return norm_rows_;
  }

  /// Rows of the data.
  uint64_t rows(matrix x) const {
    return x.rows - norm_rows_;
  }

  /// Returns the rows of the data, normalised.
  tensor normalised(device& dev, matrix x) const;

  /// Puts the gradient of x into dx[r+e,c].
  /// @param dn Of the normalised rows.
  void gradient(device& dev, matrix x, matrix dn, mutable_matrix dx) const;

private:
  norm_settings norm_;
  uint64_t norm_rows_;
};

/// sqrt(2 / (5 h)) as a deviation, h columns (Nguyen and Salazar, IWSLT 2019).
float stream_reader_bound(const layer& what);

} // namespace nnactor
