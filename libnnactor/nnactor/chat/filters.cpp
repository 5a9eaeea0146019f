#include "nnactor/chat/filters.hpp"

#include "nnactor/chat/printed.hpp"
#include "nnactor/chat/string_functions.hpp"

#include <charconv>
#include <cmath>

namespace nnactor::chat {

namespace {

bool word_begins_after(uint32_t x) {
  return is_space(x) || x == '-' || x == '(' || x == '{' || x == '['
         || x == '<';
}

value to_json(work& w, const value& x, arguments& with) {
  json_layout how;
  if (auto indent = with.take_integer(w, SIZE_MAX, "indent")) {
    w.spend(static_cast<size_t>(std::max<int64_t>(*indent, 0)));
    how.indent = static_cast<size_t>(std::max<int64_t>(*indent, 0));
    how.between = ",";
  }
  how.ascii = with.take_flag(SIZE_MAX, "ensure_ascii");
  how.sorted = with.take_flag(SIZE_MAX, "sort_keys");
  auto* separators = with.take(SIZE_MAX, "separators");
  if (separators && !separators->is<none>()) {
    auto* both = separators->list();
    if (!both || both->items.size() != 2 || !both->items[0].text()
        || !both->items[1].text())
      refuse(w.where, "'separators' have to be two strings");
    how.between = both->items[0].text()->bytes();
    how.after_key = both->items[1].text()->bytes();
  }
  return value{as_json(w, x, how)};
}

value indent_lines(work& w, const marked_text& text, arguments& with) {
  auto* width = with.take(0, "width");
  auto first = with.take_flag(1, "first");
  auto blank = with.take_flag(2, "blank");
  if (width && width->text())
    return value{indented(w, text, *width->text(), first, blank)};
  auto count = width ? integer_of(*width) : int64_t{4};
  if (!count)
    refuse(w.where, "'width' of 'indent' has to be an integer or a string");
  auto blanks = static_cast<size_t>(std::max<int64_t>(*count, 0));
  w.spend(blanks);
  auto by = marked_text{std::string(blanks, ' '), writer::model};
  return value{indented(w, text, by, first, blank)};
}

value to_integer(work& w, const value& x, arguments& with) {
  auto otherwise = with.take_integer(w, 0, "default").value_or(0);
  if (auto number = integer_of(x))
    return value{*number};
  if (auto* real = x.get<double>())
    return value{std::abs(*real) < 0x1p62 ? static_cast<int64_t>(*real)
                                          : otherwise};
  if (!x.text())
    return value{otherwise};
  auto digits = stripped(w, *x.text(), side::both, nullptr).bytes();
  int64_t out = 0;
  auto* last = digits.data() + digits.size();
  auto [end, failed] = std::from_chars(digits.data(), last, out);
  return value{failed == std::errc{} && end == last ? out : otherwise};
}

value to_real(work& w, const value& x, arguments& with) {
  auto* otherwise = with.take(0, "default");
  auto none_there = otherwise ? *otherwise : value{0.0};
  if (auto number = integer_of(x))
    return value{static_cast<double>(*number)};
  if (x.is<double>())
    return x;
  if (!x.text())
    return none_there;
  auto digits = stripped(w, *x.text(), side::both, nullptr).bytes();
  double out = 0;
  auto* last = digits.data() + digits.size();
  auto [end, failed] = std::from_chars(digits.data(), last, out);
  return failed == std::errc{} && end == last ? value{out} : none_there;
}

value absolute(work& w, const value& x) {
  if (auto* real = x.get<double>())
    return value{std::abs(*real)};
  auto number = integer_of(x);
  if (!number)
    refuse(w.where, "'abs' needs a number, not {}", kind_of(x));
  return *number < 0 ? operate(w, "-", value{int64_t{0}}, x) : value{*number};
}

value or_default(const value& x, arguments& with) {
  auto* otherwise = with.take(0, "default_value");
  auto also_false = with.take_flag(1, "boolean");
  auto is_missing = x.is<undefined>() || (also_false && !is_true(x));
  return !is_missing ? x : otherwise ? *otherwise : value{""};
}

value replace_text(work& w, const marked_text& text, arguments& with) {
  auto& old = with.need_text(w, 0, "old");
  auto& by = with.need_text(w, 1, "new");
  auto most = with.take_integer(w, 2, "count");
  return value{replaced(w, text, old, by, most)};
}

value trim(work& w, const marked_text& text, arguments& with) {
  auto* of = with.take(0, "chars");
  if (of && !of->is<none>() && !of->text())
    refuse(w.where, "'chars' of 'trim' has to be a string");
  return value{stripped(w, text, side::both, of ? of->text() : nullptr)};
}

/// Filters that take anything as the text that it prints.
std::optional<value> filter_text(work& w, const value& x, arguments& with) {
  auto& name = with.of();
  auto text = [&] { return printed(w, x); };
  if (name == "trim")
    return trim(w, text(), with);
  if (name == "upper")
    return value{in_case(w, text(), letter_case::upper)};
  if (name == "lower")
    return value{in_case(w, text(), letter_case::lower)};
  if (name == "capitalize")
    return value{capitalized(w, text())};
  if (name == "title")
    return value{titled(w, text(), word_begins_after)};
  if (name == "replace")
    return replace_text(w, text(), with);
  if (name == "indent")
    return indent_lines(w, text(), with);
  // Nothing is escaped, so all is safe.
  if (name == "string" || name == "safe")
    return value{text()};
  return std::nullopt;
}

std::optional<value> filter_any(work& w, const value& x, arguments& with) {
  auto& name = with.of();
  if (name == "tojson")
    return to_json(w, x, with);
  if (name == "default" || name == "d")
    return or_default(x, with);
  if (name == "length" || name == "count")
    return value{static_cast<int64_t>(length_of(w, x))};
  if (name == "int")
    return to_integer(w, x, with);
  if (name == "float")
    return to_real(w, x, with);
  if (name == "abs")
    return absolute(w, x);
  return std::nullopt;
}

} // namespace

value filter(work& w, const value& subject, arguments& with) {
  auto out = filter_text(w, subject, with);
  if (!out)
    out = filter_any(w, subject, with);
  if (!out)
    out = filter_list(w, subject, with);
  if (!out)
    not_understood(w.where, "|" + with.of());
  with.check_all_taken(w);
  return *out;
}

} // namespace nnactor::chat
