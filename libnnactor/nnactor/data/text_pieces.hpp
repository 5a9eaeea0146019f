#pragma once

#include "nnactor/data/vocabulary.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace nnactor {

/// What a byte is for the rule of `end_of_piece`. Bytes of characters beyond
/// ASCII count as letters: to tell those apart takes tables of Unicode.
enum class byte_kind : uint8_t { letter, digit, space, other };

constexpr byte_kind kind_of_byte(char byte) {
  auto value = static_cast<unsigned char>(byte);
  auto is_in = [&](char first, char last) {
    return byte >= first && byte <= last;
  };
  return value >= 0x80 || is_in('a', 'z') || is_in('A', 'Z') ? byte_kind::letter
         : is_in('0', '9')                                   ? byte_kind::digit
         : byte == ' ' || is_in('\t', '\r')                  ? byte_kind::space
                                                             : byte_kind::other;
}

/// Returns `end`, or where the character of UTF-8 begins that it would cut.
inline size_t without_cut(std::string_view text, size_t begin, size_t end) {
  auto is_inside = [&](size_t at) {
    return at < text.size()
           && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  for (auto whole = end; whole > begin && end - whole < 4; --whole)
    if (!is_inside(whole))
      return whole;
  return end; // This is not UTF-8.
}

/// Returns where the run of bytes of a kind ends that begins at `begin`, at
/// most `most` bytes after it.
inline size_t end_of_run(std::string_view text, size_t begin, byte_kind kind,
                         size_t most) {
  auto last = begin + std::min(most, text.size() - begin);
  auto end = begin;
  while (end < last && kind_of_byte(text[end]) == kind)
    ++end;
  return without_cut(text, begin, end);
}

/// Returns where the piece of a text ends that begins at `begin`; no token goes
/// across. A piece is a word with the space before it, up to three digits, or a
/// run of other signs, of spaces or of line ends; nothing is longer than
/// `longest_token`.
/// @pre `begin < text.size()`
inline size_t end_of_piece(std::string_view text, size_t begin) {
  constexpr size_t most_digits = 3;
  auto is_letter = [&](size_t at) {
    return at < text.size() && kind_of_byte(text[at]) == byte_kind::letter;
  };
  auto kind = kind_of_byte(text[begin]);
  if (text[begin] == ' ' && is_letter(begin + 1))
    return end_of_run(text, begin + 1, byte_kind::letter, longest_token - 1);
  auto end = end_of_run(text, begin, kind,
                        kind == byte_kind::digit ? most_digits : longest_token);
  // The last of several spaces belongs to the word.
  auto leaves_one = kind == byte_kind::space && text[end - 1] == ' '
                    && is_letter(end) && end - begin > 1;
  return leaves_one ? end - 1 : end;
}

/// Calls `use` with every piece of a text, one after the other.
template <class Use>
void for_each_piece(std::string_view text, Use use) {
  for (size_t begin = 0; begin < text.size();) {
    auto end = end_of_piece(text, begin);
    use(text.substr(begin, end - begin));
    begin = end;
  }
}

} // namespace nnactor
