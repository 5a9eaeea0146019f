#pragma once

#include "nnactor/data/vocabulary.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nnactor {

/// Learns at most `most` merges from texts: again and again the pair of tokens
/// that is most often inside their pieces (`for_each_piece`), of several the
/// one with the smallest first, then second token. Ends where no pair is there
/// twice. The same texts give the same merges everywhere.
std::vector<token_pair>
learn_byte_pairs(const std::vector<std::string_view>& texts, size_t most);

/// Encodes texts, which it remembers the pieces of.
class byte_pair_encoder {
public:
  explicit byte_pair_encoder(const std::vector<token_pair>& merges);

  /// Adds the tokens of a text, of any bytes.
  void encode(std::string_view text, std::vector<int32_t>& into);

private:
  std::vector<int32_t> encode_piece(std::string_view piece) const;

  /// Merges whatever comes first in the order of merges; false if nothing can
  /// be merged.
  bool merge_next(std::vector<int32_t>& tokens) const;

  std::unordered_map<uint64_t, int32_t> made_; ///< Token of a pair.
  std::unordered_map<std::string, std::vector<int32_t>> known_; ///< By piece.
};

} // namespace nnactor
