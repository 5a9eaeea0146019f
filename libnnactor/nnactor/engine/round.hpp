#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/engine/token_round.hpp"
#include "nnactor/error.hpp"
#include "nnactor/fwd.hpp"

#include <cstdint>

namespace nnactor {

/// What a network that writes texts keeps, and how much it does at a time.
struct cache_limits {
  uint64_t pages = 0;   ///< Of each group of attention.
  uint64_t context = 0; ///< Positions of a sequence at most.
  uint64_t rows = 0;    ///< Of a round.
};

/// Returns pages that so many positions take.
constexpr uint64_t pages_for(uint64_t positions) {
  return (positions + page_positions - 1) / page_positions;
}

/// Finds what no group could compute. Fails with `ec::protocol_violation`.
caf::error check(const token_round& what, const cache_limits& limits);

/// A round as kernels read it, for all groups of a node.
class round_rows {
public:
  explicit round_rows(const token_round& of);

  uint64_t rows() const {
    return positions_.extent().rows;
  }

  /// [r,1], of each row in its sequence.
  const tensor& positions() const {
    return positions_;
  }

  /// [w,1]: rows of which logits are wanted, ascending.
  const tensor& wanted() const {
    return wanted_;
  }

  /// Where rows are in the cache, in a device's memory.
  struct placed {
    tensor positions, first_page, pages;

    device::cached_rows view() const;
  };
  placed place(device& dev) const;

private:
  tensor positions_;
  tensor first_page_;
  tensor pages_;
  tensor wanted_;
};

} // namespace nnactor
