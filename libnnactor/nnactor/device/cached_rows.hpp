#pragma once

#include "nnactor/defaults.hpp"
#include "nnactor/device/everywhere.hpp"
#include "nnactor/device/matrix.hpp"

#include <cstdint>

namespace nnactor {

/// Positions of a sequence that a page of a cache has.
inline constexpr uint64_t page_positions = defaults::page_positions;

/// Where rows are in a cache, which is pages of `page_positions` rows: each is
/// a position of a sequence, whose pages are listed one after the other.
struct cached_rows {
  token_matrix positions;  ///< [r,1], in the sequence.
  token_matrix first_page; ///< [r,1], index into `pages` of its sequence's.
  token_matrix pages;      ///< [n,1], of all sequences.

  /// The row of the cache that has a position of the sequence of row `r`.
  NNACTOR_EVERYWHERE uint64_t place(uint64_t r, uint64_t position) const {
    auto index =
        static_cast<uint64_t>(first_page.data[r]) + position / page_positions;
    return static_cast<uint64_t>(pages.data[index]) * page_positions
           + position % page_positions;
  }
};

} // namespace nnactor
