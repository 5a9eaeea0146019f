#pragma once

#include <boost/locale/utf.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace nnactor {

/// Stands for a byte that does not begin a valid UTF-8 sequence.
constexpr uint32_t no_code_point = UINT32_MAX;

/// Calls `use(code point, offset in bytes)` for each code point until it
/// returns false. A byte that is not UTF-8 counts as one `no_code_point`.
template <class Use>
void for_each_code_point(std::string_view text, Use use) {
  using traits = boost::locale::utf::utf_traits<char>;
  auto at = text.begin();
  while (at != text.end()) {
    auto start = at;
    uint32_t point = traits::decode(at, text.end());
    if (point == boost::locale::utf::illegal
        || point == boost::locale::utf::incomplete) {
      point = no_code_point;
      at = std::next(start);
    }
    if (!use(point, static_cast<size_t>(start - text.begin())))
      return;
  }
}

/// @pre `point` is a valid code point
inline std::string encode_code_point(uint32_t point) {
  std::string out;
  boost::locale::utf::utf_traits<char>::encode(point, std::back_inserter(out));
  return out;
}

/// Takes the characters off the front of what has come in of a text. The
/// beginning of one stays, to be completed by what comes next; what can be the
/// beginning of none becomes U+FFFD.
inline std::string take_characters(std::string& bytes) {
  using traits = boost::locale::utf::utf_traits<char>;
  constexpr uint32_t replacement = 0xfffd;
  std::string out;
  auto at = bytes.cbegin();
  while (at != bytes.cend()) {
    auto start = at;
    uint32_t point = traits::decode(at, bytes.cend());
    if (point == boost::locale::utf::incomplete) {
      at = start;
      break;
    }
    if (point == boost::locale::utf::illegal) {
      point = replacement;
      at = std::next(start);
    }
    out += encode_code_point(point);
  }
  bytes.erase(bytes.cbegin(), at);
  return out;
}

} // namespace nnactor
