#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nnactor {

/// Two tokens in a row.
struct token_pair {
  int32_t first = 0;
  int32_t second = 0;

  friend auto operator<=>(const token_pair&, const token_pair&) = default;
};

/// Tokens that are bytes come before those that are merged of others.
constexpr int32_t byte_tokens = 256;

/// Bytes of a token at most.
constexpr size_t longest_token = 64;

/// What the tokens of a text corpus stand for. Either each is a character, or
/// tokens are byte pairs (arXiv 1508.07909): 256 that are a byte each, and one
/// for each of `merges`. Neither: there is no text.
struct vocabulary {
  std::vector<uint32_t> code_points; ///< Ascending, one a token.
  /// Token `byte_tokens + i` stands for the two of the i-th pair, which come
  /// before it. A text is encoded by merging in this order.
  std::vector<token_pair> merges = {};

  /// Whether tokens are bytes and what is merged of them.
  bool has_bytes() const {
    return !merges.empty();
  }

  /// Number of tokens.
  uint64_t size() const {
    return has_bytes() ? byte_tokens + merges.size() : code_points.size();
  }

  bool empty() const {
    return size() == 0;
  }

  /// Whether it is what it says above, and no token longer than
  /// `longest_token`. To be asked of what comes from a file; all others take it
  /// for granted.
  bool is_sound() const;

  /// Encodes UTF-8; code points that are not in the vocabulary, and bytes
  /// that are not UTF-8, are left out. With bytes, whatever is given comes back
  /// from `decode`.
  std::vector<int32_t> encode(const std::string& text) const;

  /// Returns the characters of a UTF-8 text that are not in the vocabulary,
  /// each once. With bytes there are none.
  std::vector<uint32_t> unknown(const std::string& text) const;

  /// Renders one token as UTF-8; one of bytes may be a part of a character, see
  /// `take_characters`. What is no token is empty.
  std::string decode(int32_t token) const;

  friend bool operator==(const vocabulary&, const vocabulary&) = default;
};

/// Merges as a model keeps them: two numbers a pair.
std::vector<uint32_t> numbers_of(const std::vector<token_pair>& merges);

/// Makes a vocabulary of what a model keeps; nothing if that is none.
/// @param merges As `numbers_of` gives them.
std::optional<vocabulary> vocabulary_of(std::vector<uint32_t> code_points,
                                        const std::vector<uint32_t>& merges);

/// Names a character for people: "'e' (U+0065)".
std::string name_of_character(uint32_t code_point);

} // namespace nnactor
