#pragma once

#include <cstdint>
#include <vector>

namespace nnactor {

/// Rows of one sequence in a round: positions that follow each other.
struct round_part {
  uint32_t first = 0; ///< Position of the first row.
  uint32_t rows = 0;
  uint32_t wanted = 0; ///< Of the last so many rows logits are wanted.
  /// Of the cache, by position / `page_positions`: of all positions up to the
  /// last row, those before `first` among them.
  std::vector<uint32_t> pages;

  friend bool operator==(const round_part&, const round_part&) = default;
};

/// What a network computes at a time where texts are written token by token:
/// some rows of each of several sequences (rounds: Orca, OSDI 2022; pages:
/// arXiv 2309.06180). It says all: groups know no sequence, only pages.
struct token_round {
  std::vector<round_part> parts;

  uint64_t rows() const {
    uint64_t out = 0;
    for (const auto& x : parts)
      out += x.rows;
    return out;
  }

  uint64_t wanted() const {
    uint64_t out = 0;
    for (const auto& x : parts)
      out += x.wanted;
    return out;
  }

  friend bool operator==(const token_round&, const token_round&) = default;
};

} // namespace nnactor
