#include "nnactor/chat/filters.hpp"

#include "nnactor/chat/conditions.hpp"
#include "nnactor/chat/printed.hpp"
#include "nnactor/chat/string_functions.hpp"

#include <algorithm>

namespace nnactor::chat {

namespace {

/// What is under an attribute, whose parts are divided by dots and may be
/// numbers.
value attribute_under(work& w, value x, const value& path) {
  if (!path.text())
    return item_of(w, x, path);
  auto dot = marked_text{".", writer::model};
  for (auto& part : split(w, *path.text(), &dot, {}, side::left))
    x = item_of(w, x, part);
  return x;
}

/// As Jinja does it, filters that choose find nothing in what counts as false.
std::vector<value> items_if_any(work& w, const value& x) {
  return is_true(x) ? items_of(w, x) : std::vector<value>{};
}

value join(work& w, const value& x, arguments& with) {
  auto* between = with.take(0, "d");
  auto* attribute = with.take(1, "attribute");
  std::vector<value> texts;
  for (auto& item : items_of(w, x)) {
    auto under = attribute ? attribute_under(w, item, *attribute) : item;
    texts.push_back(value{printed(w, under)});
  }
  return value{
      joined(w, texts, between ? printed(w, *between) : marked_text{})};
}

value map(work& w, const value& x, arguments& with) {
  std::vector<value> out;
  auto all = items_if_any(w, x);
  if (auto* attribute = with.take(SIZE_MAX, "attribute")) {
    auto* otherwise = with.take(SIZE_MAX, "default");
    for (auto& item : all) {
      auto under = attribute_under(w, item, *attribute);
      out.push_back(otherwise && under.is<undefined>() ? *otherwise : under);
    }
    return w.list(std::move(out));
  }
  auto [name, rest] = with.take_name(w);
  for (auto& item : all) {
    auto each = rest;
    out.push_back(filter(w, item, each));
  }
  return w.list(std::move(out));
}

/// Items that a test holds for, or does not; with an attribute, for what is
/// under that.
value select(work& w, const value& x, arguments& with, bool wanted,
             bool by_attribute) {
  std::optional<value> attribute;
  auto rest = with;
  if (by_attribute) {
    attribute = with.need(w, 0, "attribute");
    rest = with.take_name(w).second;
  }
  auto has_test = rest.count() > 0;
  auto plain = rest;
  if (has_test)
    plain = rest.take_name(w).second;
  with.take_all();
  std::vector<value> out;
  for (auto& item : items_if_any(w, x)) {
    auto subject = attribute ? attribute_under(w, item, *attribute) : item;
    auto each = plain;
    auto holds = has_test ? test(w, subject, each) : is_true(subject);
    if (holds == wanted)
      out.push_back(item);
  }
  return w.list(std::move(out));
}

value unique(work& w, const value& x) {
  std::vector<value> out;
  // As Jinja does it, strings that differ in their case alone are the same.
  auto key_of = [&](const value& item) {
    return item.text() ? value{in_case(w, *item.text(), letter_case::lower)}
                       : item;
  };
  std::vector<value> seen;
  for (auto& item : items_of(w, x)) {
    auto key = key_of(item);
    auto is_same = [&](const value& other) { return equal(w, key, other); };
    if (std::ranges::any_of(seen, is_same))
      continue;
    seen.push_back(key);
    out.push_back(item);
  }
  return w.list(std::move(out));
}

value items(work& w, const value& x, bool sorted) {
  if (x.is<undefined>())
    return w.list({});
  auto* dictionary = x.dictionary();
  if (!dictionary)
    refuse(w.where, "only a mapping has items, not {}", kind_of(x));
  w.spend(8 * dictionary->items.size());
  std::vector<const std::pair<marked_text, value>*> all;
  for (auto& item : dictionary->items)
    all.push_back(&item);
  if (sorted)
    std::ranges::stable_sort(all, {}, [&](auto* item) {
      return in_case(w, item->first, letter_case::lower).bytes();
    });
  std::vector<value> out;
  for (auto* item : all)
    out.push_back(w.list({w.text(item->first), item->second}, true));
  return w.list(std::move(out));
}

value reversed(work& w, const value& x) {
  auto none_said = value{none{}};
  if (x.text())
    return slice_of(w, x, none_said, none_said, value{int64_t{-1}});
  auto out = items_of(w, x);
  std::ranges::reverse(out);
  return w.list(std::move(out));
}

value end_of(work& w, const value& x, bool first) {
  auto all = items_of(w, x);
  if (all.empty())
    return value{undefined{first ? "first" : "last"}};
  return first ? all.front() : all.back();
}

} // namespace

std::optional<value> filter_list(work& w, const value& x, arguments& with) {
  auto& name = with.of();
  if (name == "list")
    return w.list(items_of(w, x));
  if (name == "join")
    return join(w, x, with);
  if (name == "first" || name == "last")
    return end_of(w, x, name == "first");
  if (name == "reverse")
    return reversed(w, x);
  if (name == "items" || name == "dictsort")
    return items(w, x, name == "dictsort");
  if (name == "unique")
    return unique(w, x);
  if (name == "map")
    return map(w, x, with);
  if (name == "select" || name == "reject")
    return select(w, x, with, name == "select", false);
  if (name == "selectattr" || name == "rejectattr")
    return select(w, x, with, name == "selectattr", true);
  return std::nullopt;
}

} // namespace nnactor::chat
