#include "nnactor/chat/operators.hpp"

#include "nnactor/chat/characters.hpp"
#include "nnactor/chat/methods.hpp"

namespace nnactor::chat {

namespace {

value missing(const std::string& name) {
  return value{undefined{name}};
}

[[noreturn]] void nothing_in(const work& w, const value& object,
                             const std::string& name) {
  if (auto* nothing = object.get<undefined>())
    refuse(w.where, "'{}' is not defined, so there is no '{}' in it",
           nothing->name, name);
  refuse(w.where, "there is no '{}' in {}", name, kind_of(object));
}

/// Characters `first`, `first + step` ... of a text, `count` of them.
struct stretch {
  int64_t first = 0;
  int64_t step = 1;
  int64_t count = 0;
};

std::optional<int64_t> bound_of(const work& w, const value& x) {
  if (x.is<none>())
    return std::nullopt;
  auto out = integer_of(x);
  if (!out)
    refuse(w.where, "a slice goes from integer to integer, not to {}",
           kind_of(x));
  return out;
}

/// Python's rules for `[begin:end:step]` of something with `size` items.
stretch stretch_of(const work& w, int64_t size, const value& begin,
                   const value& end, const value& step) {
  auto by = bound_of(w, step).value_or(1);
  if (by == 0)
    refuse(w.where, "a slice cannot go in steps of 0");
  auto lowest = by < 0 ? -1 : 0;
  auto highest = by < 0 ? size - 1 : size;
  auto within = [&](const value& x, int64_t otherwise) {
    auto at = bound_of(w, x);
    if (!at)
      return otherwise;
    return std::clamp(*at < 0 ? *at + size : *at, int64_t{lowest}, highest);
  };
  auto first = within(begin, by < 0 ? highest : 0);
  auto last = within(end, by < 0 ? -1 : size);
  // No step needs to be larger than all there is.
  by = std::clamp(by, -size - 1, size + 1);
  auto span = by < 0 ? first - last : last - first;
  auto stride = by < 0 ? -by : by;
  return {first, by, span <= 0 ? 0 : (span + stride - 1) / stride};
}

} // namespace

value attribute_of(work& w, const value& object, const std::string& name) {
  w.spend(limits::work_of_node);
  if (object.is<undefined>())
    nothing_in(w, object, name);
  if (auto* space = object.get<name_space*>()) {
    auto found = (*space)->items.find(name);
    return found == (*space)->items.end() ? missing(name) : found->second;
  }
  if (has_method(object, name))
    return value{function{name}};
  auto* dictionary = object.dictionary();
  if (!dictionary)
    return missing(name);
  w.spend(dictionary->items.size());
  auto* found = find(*dictionary, name);
  return found ? *found : missing(name);
}

value item_of(work& w, const value& object, const value& index) {
  w.spend(limits::work_of_node);
  if (object.is<undefined>())
    nothing_in(w, object,
               index.text() ? index.text()->bytes() : kind_of(index));
  if (auto* name = index.text()) {
    if (!object.dictionary())
      return attribute_of(w, object, name->bytes());
    w.spend(object.dictionary()->items.size());
    auto* found = find(*object.dictionary(), name->bytes());
    return found ? *found : missing(name->bytes());
  }
  auto at = integer_of(index);
  if (!at || (!object.text() && !object.list()))
    return missing(at ? std::to_string(*at) : kind_of(index));
  std::vector<size_t> starts;
  if (auto* text = object.text()) {
    w.spend(8 * text->size());
    starts = character_starts(text->bytes());
  }
  auto size = static_cast<int64_t>(object.text() ? starts.size() - 1
                                                 : object.list()->items.size());
  auto place = *at < 0 ? *at + size : *at;
  if (place < 0 || place >= size)
    return missing(std::to_string(*at));
  auto i = static_cast<size_t>(place);
  return object.text() ? w.text(object.text()->part(starts[i], starts[i + 1]))
                       : object.list()->items[i];
}

value slice_of(work& w, const value& object, const value& begin,
               const value& end, const value& step) {
  if (auto* list = object.list()) {
    auto all = stretch_of(w, static_cast<int64_t>(list->items.size()), begin,
                          end, step);
    std::vector<value> items;
    w.spend(static_cast<size_t>(all.count));
    for (int64_t i = 0; i < all.count; ++i)
      items.push_back(
          list->items[static_cast<size_t>(all.first + i * all.step)]);
    return w.list(std::move(items), list->is_tuple);
  }
  auto* text = object.text();
  if (!text && object.is<undefined>())
    nothing_in(w, object, "[:]");
  if (!text)
    refuse(w.where, "there is no part [:] of {}", kind_of(object));
  w.spend(8 * text->size());
  auto starts = character_starts(text->bytes());
  auto all =
      stretch_of(w, static_cast<int64_t>(starts.size() - 1), begin, end, step);
  marked_text out;
  for (int64_t i = 0; i < all.count; ++i) {
    auto at = static_cast<size_t>(all.first + i * all.step);
    out.append(text->part(starts[at], starts[at + 1]));
  }
  return w.text(std::move(out));
}

std::vector<value> items_of(work& w, const value& x) {
  std::vector<value> out;
  if (auto* list = x.list()) {
    w.spend(16 * list->items.size());
    return list->items;
  }
  if (auto* dictionary = x.dictionary()) {
    for (auto& [key, item] : dictionary->items)
      out.push_back(w.text(key));
    return out;
  }
  if (auto* text = x.text()) {
    w.spend(64 * text->size());
    auto starts = character_starts(text->bytes());
    for (size_t i = 1; i < starts.size(); ++i)
      out.push_back(value{text->part(starts[i - 1], starts[i])});
    return out;
  }
  if (x.is<undefined>())
    return out;
  refuse(w.where, "{} has no items to go through", kind_of(x));
}

size_t length_of(work& w, const value& x) {
  if (auto* list = x.list())
    return list->items.size();
  if (auto* dictionary = x.dictionary())
    return dictionary->items.size();
  if (x.is<undefined>())
    return 0;
  auto* text = x.text();
  if (!text)
    refuse(w.where, "{} has no length", kind_of(x));
  w.spend(text->size());
  return count_characters(text->bytes());
}

} // namespace nnactor::chat
