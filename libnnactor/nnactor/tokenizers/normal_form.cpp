#include "nnactor/tokenizers/normal_form.hpp"

#include "nnactor/utf8.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

namespace nnactor {

namespace {

using point_list = std::vector<utf8proc_int32_t>;

constexpr auto canonical = static_cast<utf8proc_option_t>(
    UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_DECOMPOSE);

/// The canonical decomposition, marks not yet in order.
result<point_list> decomposed(std::string_view text) {
  // No character becomes more than four (Unicode's stability policy).
  constexpr size_t most = 8;
  point_list out;
  auto fits = true;
  for_each_code_point(text, [&](uint32_t point, size_t) {
    utf8proc_int32_t parts[most];
    int boundary = 0;
    auto count =
        utf8proc_decompose_char(static_cast<utf8proc_int32_t>(point), parts,
                                most, UTF8PROC_DECOMPOSE, &boundary);
    fits = count > 0 && count <= static_cast<utf8proc_ssize_t>(most);
    if (fits)
      out.insert(out.end(), parts, parts + count);
    return fits;
  });
  if (!fits)
    return fail(ec::invalid_argument, "a text cannot be brought into NFC");
  return out;
}

/// Sorts each run of marks by their class. The library would exchange
/// neighbours, which for a megabyte of marks takes hours.
void order_marks(point_list& xs) {
  auto rank = [](utf8proc_int32_t x) {
    return utf8proc_get_property(x)->combining_class;
  };
  auto is_mark = [&](utf8proc_int32_t x) { return rank(x) != 0; };
  auto at = xs.begin();
  while (at != xs.end()) {
    auto begin = std::find_if(at, xs.end(), is_mark);
    at = std::find_if_not(begin, xs.end(), is_mark);
    std::stable_sort(begin, at,
                     [&](auto a, auto b) { return rank(a) < rank(b); });
  }
}

} // namespace

result<std::string> composed(std::string_view text) {
  auto is_ascii = [](char x) { return static_cast<unsigned char>(x) < 0x80; };
  if (std::ranges::all_of(text, is_ascii))
    return std::string{text};
  auto xs = decomposed(text);
  if (!xs)
    return xs.error();
  order_marks(*xs);
  auto length = utf8proc_normalize_utf32(
      xs->data(), static_cast<utf8proc_ssize_t>(xs->size()), canonical);
  if (length < 0)
    return fail(ec::invalid_argument, "a text cannot be brought into NFC: {}",
                utf8proc_errmsg(length));
  xs->resize(static_cast<size_t>(length));
  std::string out;
  for (auto x : *xs)
    out += encode_code_point(static_cast<uint32_t>(x));
  return out;
}

} // namespace nnactor
