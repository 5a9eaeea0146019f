#include "nnactor/chat/string_functions.hpp"

#include "nnactor/utf8.hpp"

#include <algorithm>
#include <cstring>

namespace nnactor::chat {

namespace {

constexpr auto nowhere = std::string::npos;

/// The first place of a part from `from` on. The search takes as many steps as
/// there are bytes, whatever they are.
size_t find_part(const std::string& text, const std::string& part,
                 size_t from) {
  auto* found =
      memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return found ? static_cast<size_t>(static_cast<const char*>(found)
                                     - text.data())
               : nowhere;
}

std::vector<std::string_view> characters_of(std::string_view text) {
  auto starts = character_starts(text);
  std::vector<std::string_view> out;
  for (size_t i = 1; i < starts.size(); ++i)
    out.push_back(text.substr(starts[i - 1], starts[i] - starts[i - 1]));
  return out;
}

/// Bytes that are not wanted at the begin and the end.
std::pair<size_t, size_t> ends_of(work& w, const std::string& text,
                                  const marked_text* of) {
  if (!of)
    return {leading_space(text), trailing_space(text)};
  auto unwanted = characters_of(of->bytes());
  std::ranges::sort(unwanted);
  w.spend(16 * text.size() + 16 * of->size());
  auto all = characters_of(text);
  auto is_wanted = [&](std::string_view x) {
    return !std::ranges::binary_search(unwanted, x);
  };
  auto first = std::ranges::find_if(all, is_wanted);
  auto last = std::find_if(all.rbegin(), all.rend(), is_wanted);
  if (first == all.end())
    return {text.size(), text.size()};
  auto end = last->data() + last->size();
  return {static_cast<size_t>(first->data() - text.data()),
          static_cast<size_t>(text.data() + text.size() - end)};
}

} // namespace

marked_text stripped(work& w, const marked_text& text, side where,
                     const marked_text* of) {
  w.spend(2 * text.size());
  auto [front, back] = ends_of(w, text.bytes(), of);
  auto begin = where == side::right ? 0 : front;
  auto end = text.size() - (where == side::left ? 0 : back);
  // Where nothing is left, both sides have all of it.
  return text.part(begin, std::max(begin, end));
}

std::vector<size_t> places_of(work& w, const std::string& text,
                              const std::string& part) {
  w.spend(text.size() + part.size());
  std::vector<size_t> out;
  for (auto at = find_part(text, part, 0); at != nowhere;
       at = find_part(text, part, at + part.size())) {
    w.spend(sizeof(size_t));
    out.push_back(at);
  }
  return out;
}

namespace {

/// White space as one separator, at the ends as none.
std::vector<std::pair<size_t, size_t>> blanks_of(const std::string& text) {
  std::vector<std::pair<size_t, size_t>> out;
  for_each_code_point(text, [&](uint32_t point, size_t at) {
    if (!is_space(point))
      return true;
    auto end = at + leading_space(std::string_view{text}.substr(at));
    if (out.empty() || out.back().second <= at)
      out.emplace_back(at, end);
    return true;
  });
  return out;
}

std::vector<value> split_at_blanks(work& w, marked_text text,
                                   std::optional<int64_t> most, side from) {
  // What is cut off loses the blanks beside it; what is left keeps the others.
  w.spend(64 * text.size());
  auto limit = most && *most >= 0 ? static_cast<size_t>(*most) : nowhere;
  text =
      stripped(w, text, from == side::left ? side::left : side::right, nullptr);
  auto whole = stripped(w, text, side::both, nullptr);
  if (whole.size() == 0)
    return {};
  auto blanks = blanks_of(text.bytes());
  std::erase_if(
      blanks, [&](auto& x) { return x.first == 0 || x.second == text.size(); });
  auto cuts = std::min(limit, blanks.size());
  auto first = from == side::left ? 0 : blanks.size() - cuts;
  std::vector<value> out;
  size_t begin = 0;
  for (auto i = first; i < first + cuts; ++i) {
    out.push_back(w.text(text.part(begin, blanks[i].first)));
    begin = blanks[i].second;
  }
  out.push_back(w.text(text.part(begin, text.size())));
  auto strip = [&](value& x, side where) {
    x = value{stripped(w, *x.text(), where, nullptr)};
  };
  // With cuts to spare, no part has blanks at its ends.
  if (cuts < limit) {
    strip(out.front(), side::left);
    strip(out.back(), side::right);
  }
  return out;
}

} // namespace

std::vector<value> split(work& w, const marked_text& text,
                         const marked_text* separator,
                         std::optional<int64_t> most, side from) {
  if (!separator)
    return split_at_blanks(w, text, most, from);
  if (separator->size() == 0)
    refuse(w.where, "a text cannot be split at nothing");
  auto places = places_of(w, text.bytes(), separator->bytes());
  auto limit = most && *most >= 0 ? static_cast<size_t>(*most) : nowhere;
  auto cuts = std::min(limit, places.size());
  auto first = from == side::left ? 0 : places.size() - cuts;
  std::vector<value> out;
  size_t begin = 0;
  w.spend(64 * cuts);
  for (auto i = first; i < first + cuts; ++i) {
    out.push_back(w.text(text.part(begin, places[i])));
    begin = places[i] + separator->size();
  }
  out.push_back(w.text(text.part(begin, text.size())));
  return out;
}

marked_text replaced(work& w, const marked_text& text, const marked_text& old,
                     const marked_text& by, std::optional<int64_t> most) {
  if (old.size() == 0)
    refuse(w.where, "nothing cannot be replaced by something");
  auto places = places_of(w, text.bytes(), old.bytes());
  if (most && *most >= 0 && static_cast<size_t>(*most) < places.size())
    places.resize(static_cast<size_t>(*most));
  marked_text out;
  size_t begin = 0;
  for (auto at : places) {
    w.spend(at - begin + by.size());
    out.append(text.part(begin, at));
    out.append(by);
    begin = at + old.size();
  }
  w.spend(text.size() - begin);
  out.append(text.part(begin, text.size()));
  return out;
}

marked_text joined(work& w, const std::vector<value>& items,
                   const marked_text& between) {
  marked_text out;
  for (auto& x : items) {
    auto* text = x.text();
    if (!text)
      refuse(w.where, "only strings can be joined, not {}", kind_of(x));
    w.spend(text->size() + between.size());
    if (&x != items.data())
      out.append(between);
    out.append(*text);
  }
  return out;
}

namespace {

/// Each character in a case that `choose` says for it.
template <class Choose>
marked_text in_cases(work& w, const marked_text& text, Choose choose) {
  // A letter may need a byte more in the other case.
  w.spend(2 * text.size());
  marked_text out;
  for_each_code_point(text.bytes(), [&](uint32_t point, size_t at) {
    auto byte = std::string_view{text.bytes()}.substr(at, 1);
    auto how = choose(point);
    if (point == no_code_point)
      out.append(byte, text.writer_of(at));
    else
      out.append(encode_code_point(in_case(point, how)), text.writer_of(at));
    return true;
  });
  return out;
}

} // namespace

marked_text in_case(work& w, const marked_text& text, letter_case how) {
  return in_cases(w, text, [&](uint32_t) { return how; });
}

marked_text titled(work& w, const marked_text& text,
                   bool (*word_begins_after)(uint32_t)) {
  auto begins = true;
  return in_cases(w, text, [&](uint32_t point) {
    auto how = begins ? letter_case::upper : letter_case::lower;
    begins = word_begins_after(point);
    return how;
  });
}

marked_text capitalized(work& w, const marked_text& text) {
  return titled(w, text, [](uint32_t) { return false; });
}

marked_text indented(work& w, const marked_text& text, const marked_text& by,
                     bool first, bool blank_lines) {
  auto ends = places_of(w, text.bytes(), "\n");
  ends.push_back(text.size());
  w.spend(text.size() + ends.size());
  marked_text out;
  size_t begin = 0;
  for (auto end : ends) {
    auto is_first = begin == 0;
    if (!is_first)
      out.append("\n", text.writer_of(begin - 1));
    if (is_first ? first : begin < end || blank_lines) {
      w.spend(by.size());
      out.append(by);
    }
    out.append(text.part(begin, end));
    begin = end + 1;
  }
  return out;
}

} // namespace nnactor::chat
