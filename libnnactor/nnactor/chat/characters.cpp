#include "nnactor/chat/characters.hpp"

#include "nnactor/utf8.hpp"

#include <algorithm>
#include <clocale>
#include <cwctype>
#include <iterator>

namespace nnactor::chat {

bool is_space(uint32_t x) {
  constexpr uint32_t others[] = {0x20,   0x85,   0xa0,   0x1680, 0x2028,
                                 0x2029, 0x202f, 0x205f, 0x3000};
  return (x >= 9 && x <= 13) || (x >= 28 && x <= 31)
         || (x >= 0x2000 && x <= 0x200a)
         || std::ranges::find(others, x) != std::end(others);
}

size_t leading_space(std::string_view text) {
  auto out = text.size();
  for_each_code_point(text, [&](uint32_t point, size_t at) {
    if (!is_space(point))
      out = at;
    return is_space(point);
  });
  return out;
}

size_t trailing_space(std::string_view text) {
  auto end = text.size();
  while (end > 0) {
    auto begin = end - 1;
    auto is_middle = [&](size_t at) {
      return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
    };
    while (begin > 0 && end - begin < 4 && is_middle(begin))
      --begin;
    if (leading_space(text.substr(begin, end - begin)) != end - begin)
      break;
    end = begin;
  }
  return text.size() - end;
}

std::vector<size_t> character_starts(std::string_view text) {
  std::vector<size_t> out;
  for_each_code_point(text, [&](uint32_t, size_t at) {
    out.push_back(at);
    return true;
  });
  out.push_back(text.size());
  return out;
}

size_t count_characters(std::string_view text) {
  size_t out = 0;
  for_each_code_point(text, [&](uint32_t, size_t) {
    ++out;
    return true;
  });
  return out;
}

namespace {

/// The rules for letters that glibc has for every language; without them those
/// of the C locale, which knows the letters of ASCII.
locale_t letters() {
  static const auto out = [] {
    auto all = newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
    return all ? all : newlocale(LC_CTYPE_MASK, "C", locale_t{});
  }();
  return out;
}

} // namespace

uint32_t in_case(uint32_t point, letter_case how) {
  return how == letter_case::upper ? towupper_l(point, letters())
                                   : towlower_l(point, letters());
}

bool is_letter(uint32_t point) {
  return iswalpha_l(point, letters()) != 0;
}

} // namespace nnactor::chat
