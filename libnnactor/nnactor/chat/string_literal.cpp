#include "nnactor/chat/string_literal.hpp"

#include "nnactor/utf8.hpp"

#include <charconv>
#include <optional>

namespace nnactor::chat {

namespace {

bool is_octal(char x) {
  return x >= '0' && x <= '7';
}

std::optional<uint32_t> number_in(std::string_view digits, int base) {
  uint32_t out = 0;
  auto* last = digits.data() + digits.size();
  auto [end, failed] = std::from_chars(digits.data(), last, out, base);
  auto is_point = out < 0x110000 && (out < 0xd800 || out > 0xdfff);
  return failed == std::errc{} && end == last && is_point ? std::optional{out}
                                                          : std::nullopt;
}

/// What a letter after a backslash stands for, or nothing.
std::string_view plain_escape(char letter) {
  switch (letter) {
  case '\\':
    return "\\";
  case '\'':
    return "'";
  case '"':
    return "\"";
  case 'a':
    return "\a";
  case 'b':
    return "\b";
  case 'f':
    return "\f";
  case 'n':
    return "\n";
  case 'r':
    return "\r";
  case 't':
    return "\t";
  case 'v':
    return "\v";
  default:
    return {};
  }
}

size_t digits_after(char letter) {
  return letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
}

} // namespace

std::string resolve_escapes(std::string_view inner, position where) {
  std::string out;
  for (size_t i = 0; i < inner.size(); ++i) {
    // No string ends in half an escape: its quote would be part of it.
    if (inner[i] != '\\' || i + 1 == inner.size()) {
      out += inner[i];
      continue;
    }
    auto letter = inner[++i];
    auto plain = plain_escape(letter);
    auto count = digits_after(letter);
    if (!plain.empty()) {
      out += plain;
    } else if (count > 0) {
      auto digits = inner.substr(i + 1, count);
      auto point = digits.size() == count ? number_in(digits, 16)
                                          : std::optional<uint32_t>{};
      if (!point)
        refuse(where, "'\\{}' is not followed by {} digits of a character",
               letter, count);
      out += encode_code_point(*point);
      i += count;
    } else if (is_octal(letter)) {
      size_t end = i;
      while (end < inner.size() && end < i + 3 && is_octal(inner[end]))
        ++end;
      out += encode_code_point(*number_in(inner.substr(i, end - i), 8));
      i = end - 1;
    } else if (letter == 'N') {
      not_understood(where, "\\N");
    } else if (letter != '\n') {
      out += '\\';
      out += letter;
    }
  }
  return out;
}

} // namespace nnactor::chat
