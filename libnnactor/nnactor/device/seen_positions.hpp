#pragma once

#include "nnactor/device/everywhere.hpp"

#include <cstdint>

namespace nnactor {

/// Positions of a sequence, without the last.
struct position_range {
  uint64_t first = 0;
  uint64_t last = 0;
};

/// What a position of a sequence of `length` sees in attention.
/// @param window See `device::attention_heads`.
NNACTOR_EVERYWHERE inline position_range seen_positions(uint64_t position,
                                                        uint64_t length,
                                                        bool causal,
                                                        uint64_t window) {
  auto is_near = [window](uint64_t distance) {
    return window == 0 || distance < window;
  };
  auto last = causal                           ? position + 1
              : is_near(length - 1 - position) ? length
                                               : position + window;
  return {is_near(position) ? 0 : position + 1 - window, last};
}

/// Those that see a position.
NNACTOR_EVERYWHERE inline position_range seeing_positions(uint64_t position,
                                                          uint64_t length,
                                                          bool causal,
                                                          uint64_t window) {
  auto near = seen_positions(position, length, false, window);
  return {causal ? position : near.first, near.last};
}

} // namespace nnactor
