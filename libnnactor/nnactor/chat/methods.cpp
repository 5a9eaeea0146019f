#include "nnactor/chat/methods.hpp"

#include "nnactor/chat/string_functions.hpp"

#include <algorithm>
#include <array>

namespace nnactor::chat {

namespace {

constexpr std::array string_methods = {
    "strip",        "lstrip",       "rstrip", "split", "rsplit",
    "startswith",   "endswith",     "lower",  "upper", "title",
    "capitalize",   "replace",      "find",   "count", "join",
    "removeprefix", "removesuffix", "format", "index", "encode",
    "splitlines",   "isdigit",      "zfill"};

constexpr std::array mapping_methods = {
    "items", "keys",   "values",     "get",     "copy",    "pop",
    "clear", "update", "setdefault", "popitem", "fromkeys"};

constexpr std::array list_methods = {"index",  "count", "append", "extend",
                                     "insert", "pop",   "remove", "reverse",
                                     "sort",   "copy",  "clear"};

const marked_text* text_or_none(work& w, arguments& with, size_t at,
                                const char* name) {
  auto* x = with.take(at, name);
  if (!x || x->is<none>())
    return nullptr;
  if (!x->text())
    refuse(w.where, "'{}' of '{}' has to be a string", name, with.of());
  return x->text();
}

bool matches_end(const std::string& text, const std::string& part, side where) {
  return where == side::left ? text.starts_with(part) : text.ends_with(part);
}

value has_end(work& w, const marked_text& text, arguments& with, side where) {
  auto& part = with.need(w, 0, "prefix");
  auto matches = [&](const value& x) {
    if (!x.text())
      refuse(w.where, "'{}' compares with strings, not with {}", with.of(),
             kind_of(x));
    w.spend(x.text()->size());
    return matches_end(text.bytes(), x.text()->bytes(), where);
  };
  if (!part.list())
    return value{matches(part)};
  return value{std::ranges::any_of(part.list()->items, matches)};
}

value without_end(work& w, const marked_text& text, arguments& with,
                  side where) {
  auto& part = with.need_text(w, 0, "prefix");
  w.spend(part.size());
  if (!matches_end(text.bytes(), part.bytes(), where))
    return w.text(text);
  return w.text(where == side::left ? text.part(part.size(), text.size())
                                    : text.part(0, text.size() - part.size()));
}

value found_at(work& w, const marked_text& text, arguments& with) {
  auto places = places_of(w, text.bytes(), with.need_text(w, 0, "sub").bytes());
  return value{places.empty()
                   ? int64_t{-1}
                   : static_cast<int64_t>(count_characters(
                       std::string_view{text.bytes()}.substr(0, places[0])))};
}

value split_by(work& w, const marked_text& text, arguments& with, side from) {
  auto* separator = text_or_none(w, with, 0, "sep");
  auto most = with.take_integer(w, 1, "maxsplit");
  return w.list(split(w, text, separator, most, from));
}

value replace_in(work& w, const marked_text& text, arguments& with) {
  auto& old = with.need_text(w, 0, "old");
  auto& by = with.need_text(w, 1, "new");
  auto most = with.take_integer(w, 2, "count");
  return value{replaced(w, text, old, by, most)};
}

value count_in(work& w, const marked_text& text, arguments& with) {
  auto& part = with.need_text(w, 0, "sub");
  if (part.size() == 0)
    refuse(w.where, "'count' needs something to count");
  return value{
      static_cast<int64_t>(places_of(w, text.bytes(), part.bytes()).size())};
}

value call_of_string(work& w, const marked_text& text, arguments& with) {
  auto& name = with.of();
  if (name == "strip")
    return value{stripped(w, text, side::both, text_or_none(w, with, 0, ""))};
  if (name == "lstrip")
    return value{stripped(w, text, side::left, text_or_none(w, with, 0, ""))};
  if (name == "rstrip")
    return value{stripped(w, text, side::right, text_or_none(w, with, 0, ""))};
  if (name == "split")
    return split_by(w, text, with, side::left);
  if (name == "rsplit")
    return split_by(w, text, with, side::right);
  if (name == "startswith")
    return has_end(w, text, with, side::left);
  if (name == "endswith")
    return has_end(w, text, with, side::right);
  if (name == "removeprefix")
    return without_end(w, text, with, side::left);
  if (name == "removesuffix")
    return without_end(w, text, with, side::right);
  if (name == "lower")
    return value{in_case(w, text, letter_case::lower)};
  if (name == "upper")
    return value{in_case(w, text, letter_case::upper)};
  if (name == "capitalize")
    return value{capitalized(w, text)};
  if (name == "title")
    return value{titled(w, text, [](uint32_t x) { return !is_letter(x); })};
  if (name == "replace")
    return replace_in(w, text, with);
  if (name == "find")
    return found_at(w, text, with);
  if (name == "count")
    return count_in(w, text, with);
  if (name == "join")
    return value{joined(w, items_of(w, with.need(w, 0, "iterable")), text)};
  not_understood(w.where, "." + name);
}

value call_of_mapping(work& w, const mapping& object, arguments& with) {
  auto& name = with.of();
  if (name == "get") {
    auto& key = with.need_text(w, 0, "key");
    auto* otherwise = with.take(1, "default");
    w.spend(object.items.size());
    auto* found = find(object, key.bytes());
    return found ? *found : otherwise ? *otherwise : value{none{}};
  }
  std::vector<value> out;
  auto all = name == "items";
  if (!all && name != "keys" && name != "values")
    not_understood(w.where, "." + name);
  for (auto& [key, x] : object.items)
    if (all)
      out.push_back(w.list({w.text(key), x}, true));
    else
      out.push_back(name == "keys" ? w.text(key) : x);
  return w.list(std::move(out));
}

value call_of_list(work& w, const sequence& object, arguments& with) {
  auto& name = with.of();
  if (name != "index" && name != "count")
    not_understood(w.where, "." + name);
  auto& wanted = with.need(w, 0, "value");
  int64_t count = 0;
  for (size_t i = 0; i < object.items.size(); ++i) {
    if (!equal(w, object.items[i], wanted))
      continue;
    if (name == "index")
      return value{static_cast<int64_t>(i)};
    ++count;
  }
  if (name == "index")
    refuse(w.where, "what 'index' looks for is not in the list");
  return value{count};
}

template <class Names>
bool is_one_of(const Names& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

} // namespace

bool has_method(const value& object, const std::string& name) {
  return (object.text() && is_one_of(string_methods, name))
         || (object.dictionary() && is_one_of(mapping_methods, name))
         || (object.list() && is_one_of(list_methods, name));
}

value call_method(work& w, const value& object, arguments& with) {
  auto out = object.text() ? call_of_string(w, *object.text(), with)
             : object.dictionary()
                 ? call_of_mapping(w, *object.dictionary(), with)
                 : call_of_list(w, *object.list(), with);
  with.check_all_taken(w);
  return out;
}

} // namespace nnactor::chat
