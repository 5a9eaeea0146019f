#pragma once

#include <cstdint>

namespace nnactor {

/// Why a micro-batch is computed. Values are part of the wire format.
enum class phase : uint8_t {
  train = 0,    ///< Forward and backward, then an update.
  evaluate = 1, ///< Forward and loss.
  infer = 2,    ///< Forward; the outputs go back to the driver.
};

} // namespace nnactor
