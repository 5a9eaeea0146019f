#pragma once

namespace nnactor {

/// Sum of losses of one micro-batch and what it was counted over.
struct loss_value {
  double loss_sum = 0; ///< Over rows, not divided; NaN if anything was.
  double correct = 0;  ///< Rows whose arg-max is the label; 0 without labels.
};

} // namespace nnactor
