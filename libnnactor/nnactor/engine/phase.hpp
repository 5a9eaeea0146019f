#pragma once

#include <cstdint>

namespace nnactor {

/// Why a micro-batch is computed. Values are part of the wire format.
enum class phase : uint8_t {
  train = 0,    ///< Forward and backward, then an update.
  evaluate = 1, ///< Forward and loss.
  infer = 2,    ///< Forward; the outputs go back to the driver.
  generate = 3, ///< So do logits of a round, see `token_round`.
};

/// Whether it goes forward only, without labels.
constexpr bool is_question(phase why) {
  return why == phase::infer || why == phase::generate;
}

} // namespace nnactor
