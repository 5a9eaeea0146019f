#include "nnactor/chat/functions.hpp"

#include "nnactor/chat/printed.hpp"

namespace nnactor::chat {

namespace {

value range(work& w, arguments& with) {
  auto number = [&](size_t at) {
    auto out = with.take_integer(w, at, "");
    if (!out)
      refuse(w.where, "'range' goes from integer to integer");
    return *out;
  };
  auto has_begin = with.count() > 1;
  auto begin = has_begin ? number(0) : 0;
  auto end = number(has_begin ? 1 : 0);
  auto step = with.count() > 2 ? number(2) : 1;
  if (step == 0)
    refuse(w.where, "'range' cannot go in steps of 0");
  std::vector<value> out;
  for (auto x = begin; step < 0 ? x > end : x < end;) {
    w.spend(sizeof(value));
    out.push_back(value{x});
    if (__builtin_add_overflow(x, step, &x))
      break;
  }
  return w.list(std::move(out));
}

value dictionary(work& w, arguments& with) {
  std::vector<std::pair<marked_text, value>> items;
  for (auto& [key, x] : with.take_all_named())
    items.emplace_back(marked_text{key, writer::model}, x);
  return w.dictionary(std::move(items));
}

value time_text(work& w, arguments& with, const std::optional<std::tm>& now) {
  auto& format = with.need_text(w, 0, "format").bytes();
  if (!now)
    refuse(w.where, "it asks for the time, which was not given");
  constexpr size_t most = 256;
  char out[most];
  auto size = std::strftime(out, most, format.c_str(), &*now);
  if (size == 0 && !format.empty())
    refuse(w.where, "a time takes more than {} bytes", most - 1);
  return w.text({{out, size}, writer::model});
}

} // namespace

bool is_function(const std::string& name) {
  return name == "range" || name == "dict" || name == "raise_exception"
         || name == "strftime_now";
}

value call_function(work& w, arguments& with,
                    const std::optional<std::tm>& now) {
  auto& name = with.of();
  if (name == "raise_exception")
    refuse_messages(printed(w, with.need(w, 0, "message")).bytes());
  auto out = name == "range"          ? range(w, with)
             : name == "dict"         ? dictionary(w, with)
             : name == "strftime_now" ? time_text(w, with, now)
                                      : value{};
  with.check_all_taken(w);
  return out;
}

} // namespace nnactor::chat
