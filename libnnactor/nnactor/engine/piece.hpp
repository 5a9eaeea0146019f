#pragma once

#include <compare>
#include <cstdint>

namespace nnactor {

/// What a program computes at a time: a micro-batch at one time step of its
/// examples. Pieces are numbered in this order.
struct piece {
  uint32_t micro_batch = 0; ///< Of a training step, or of what is asked.
  uint32_t time_step = 0;

  friend auto operator<=>(const piece&, const piece&) = default;
};

/// @param time_steps Of an example.
constexpr piece next(piece at, uint32_t time_steps) {
  return at.time_step + 1 < time_steps ? piece{at.micro_batch, at.time_step + 1}
                                       : piece{at.micro_batch + 1, 0};
}

} // namespace nnactor
