#pragma once

#include <string>
#include <string_view>

namespace nnactor {

/// U+2581, which stands for a space in pieces of SentencePiece.
constexpr std::string_view space_mark = "\xe2\x96\x81";

/// Puts the mark in the place of each space.
inline std::string with_marks(std::string_view text) {
  std::string out;
  for (auto x : text)
    if (x == ' ')
      out += space_mark;
    else
      out += x;
  return out;
}

/// Puts a space in the place of each mark.
inline std::string without_marks(std::string_view piece) {
  std::string out;
  for (size_t at = 0; at < piece.size();) {
    auto is_mark = piece.substr(at).starts_with(space_mark);
    out += is_mark ? ' ' : piece[at];
    at += is_mark ? space_mark.size() : 1;
  }
  return out;
}

} // namespace nnactor
