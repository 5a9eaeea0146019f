#include "nnactor/chat/operators.hpp"

#include "nnactor/chat/printed.hpp"

#include <cmath>
#include <cstring>

namespace nnactor::chat {

std::optional<int64_t> integer_of(const value& x) {
  if (auto* is = x.get<bool>())
    return *is ? 1 : 0;
  auto* number = x.get<int64_t>();
  return number ? std::optional{*number} : std::nullopt;
}

namespace {

std::optional<double> real_of(const value& x) {
  if (auto number = integer_of(x))
    return static_cast<double>(*number);
  auto* real = x.get<double>();
  return real ? std::optional{*real} : std::nullopt;
}

[[noreturn]] void cannot(const work& w, const std::string& symbol,
                         const value& a, const value& b) {
  for (auto* side : {&a, &b})
    if (auto* missing = side->get<undefined>())
      refuse(w.where, "'{}' is not defined", missing->name);
  refuse(w.where, "'{}' does not go between {} and {}", symbol, kind_of(a),
         kind_of(b));
}

/// Division that rounds down, as Python's.
int64_t floor_quotient(int64_t a, int64_t b) {
  auto out = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? out - 1 : out;
}

value calculate(work& w, const std::string& symbol, int64_t a, int64_t b) {
  int64_t out = 0;
  auto overflows = false;
  if (symbol == "+") {
    overflows = __builtin_add_overflow(a, b, &out);
  } else if (symbol == "-") {
    overflows = __builtin_sub_overflow(a, b, &out);
  } else if (symbol == "*") {
    overflows = __builtin_mul_overflow(a, b, &out);
  } else if (b == 0) {
    refuse(w.where, "a number is divided by 0");
  } else if (symbol == "/") {
    return value{static_cast<double>(a) / static_cast<double>(b)};
  } else if (a == INT64_MIN && b == -1) {
    overflows = true;
  } else {
    auto quotient = floor_quotient(a, b);
    out = symbol == "//" ? quotient : a - quotient * b;
  }
  if (overflows)
    refuse(w.where, "a number is larger than 64 bits can hold");
  return value{out};
}

value calculate(work& w, const std::string& symbol, double a, double b) {
  if (symbol == "+")
    return value{a + b};
  if (symbol == "-")
    return value{a - b};
  if (symbol == "*")
    return value{a * b};
  if (b == 0)
    refuse(w.where, "a number is divided by 0");
  if (symbol == "/")
    return value{a / b};
  auto quotient = std::floor(a / b);
  if (symbol == "//")
    return value{quotient};
  auto rest = std::fmod(a, b);
  return value{rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest};
}

value joined(work& w, const marked_text& a, const marked_text& b) {
  w.spend(a.size() + b.size());
  auto out = a;
  out.append(b);
  return value{std::move(out)};
}

value joined(work& w, const sequence& a, const sequence& b) {
  auto items = a.items;
  items.insert(items.end(), b.items.begin(), b.items.end());
  return w.list(std::move(items), a.is_tuple);
}

/// A string or list some times in a row.
value repeated(work& w, const value& what, int64_t times) {
  auto count = static_cast<size_t>(std::max<int64_t>(times, 0));
  auto* text = what.text();
  auto size = text ? text->size() : what.list()->items.size();
  size_t all = 0;
  if (__builtin_mul_overflow(count, size, &all))
    all = SIZE_MAX / 32;
  w.spend(text ? all : 16 * std::min(all, SIZE_MAX / 32));
  if (size == 0)
    return what;
  marked_text out;
  std::vector<value> items;
  for (size_t i = 0; i < count; ++i)
    if (text)
      out.append(*text);
    else
      items.insert(items.end(), what.list()->items.begin(),
                   what.list()->items.end());
  return text ? value{std::move(out)}
              : w.list(std::move(items), what.list()->is_tuple);
}

bool can_repeat(const value& x) {
  return x.text() || x.list();
}

bool same_items(work& w, const mapping& a, const mapping& b) {
  if (a.items.size() != b.items.size())
    return false;
  for (auto& [key, x] : a.items) {
    w.spend(b.items.size());
    auto* other = find(b, key.bytes());
    if (!other || !equal(w, x, *other))
      return false;
  }
  return true;
}

bool same_items(work& w, const sequence& a, const sequence& b) {
  if (a.is_tuple != b.is_tuple || a.items.size() != b.items.size())
    return false;
  for (size_t i = 0; i < a.items.size(); ++i)
    if (!equal(w, a.items[i], b.items[i]))
      return false;
  return true;
}

template <class T>
bool ordered(const std::string& symbol, const T& a, const T& b) {
  return symbol == "<"    ? a < b
         : symbol == "<=" ? a <= b
         : symbol == ">"  ? a > b
                          : a >= b;
}

} // namespace

value operate(work& w, const std::string& symbol, const value& a,
              const value& b) {
  if (symbol == "~") {
    auto first = printed(w, a), second = printed(w, b);
    return joined(w, first, second);
  }
  if (auto x = integer_of(a), y = integer_of(b); x && y)
    return calculate(w, symbol, *x, *y);
  if (auto x = real_of(a), y = real_of(b); x && y)
    return calculate(w, symbol, *x, *y);
  if (symbol == "+" && a.text() && b.text())
    return joined(w, *a.text(), *b.text());
  if (symbol == "+" && a.list() && b.list()
      && a.list()->is_tuple == b.list()->is_tuple)
    return joined(w, *a.list(), *b.list());
  if (symbol == "*" && can_repeat(a) && integer_of(b))
    return repeated(w, a, *integer_of(b));
  if (symbol == "*" && can_repeat(b) && integer_of(a))
    return repeated(w, b, *integer_of(a));
  if (symbol == "%" && a.text())
    not_understood(w.where, "%");
  cannot(w, symbol, a, b);
}

bool equal(work& w, const value& a, const value& b) {
  w.spend(limits::work_of_node);
  if (auto x = integer_of(a), y = integer_of(b); x && y)
    return *x == *y;
  if (auto x = real_of(a), y = real_of(b); x && y)
    return *x == *y;
  if (a.text() && b.text()) {
    w.spend(std::min(a.text()->size(), b.text()->size()));
    return a.text()->bytes() == b.text()->bytes();
  }
  if (a.list() && b.list())
    return same_items(w, *a.list(), *b.list());
  if (a.dictionary() && b.dictionary())
    return same_items(w, *a.dictionary(), *b.dictionary());
  if (a.is<name_space*>() && b.is<name_space*>())
    return *a.get<name_space*>() == *b.get<name_space*>();
  return (a.is<none>() && b.is<none>())
         || (a.is<undefined>() && b.is<undefined>());
}

bool contains(work& w, const value& where, const value& needle) {
  if (auto* text = where.text()) {
    auto* part = needle.text();
    if (!part)
      cannot(w, "in", needle, where);
    // This search takes as many steps as there are bytes, whatever they are.
    w.spend(text->size() + part->size());
    return part->size() == 0
           || memmem(text->bytes().data(), text->size(), part->bytes().data(),
                     part->size());
  }
  if (auto* list = where.list()) {
    for (auto& x : list->items)
      if (equal(w, x, needle))
        return true;
    return false;
  }
  if (auto* dictionary = where.dictionary()) {
    w.spend(dictionary->items.size());
    return needle.text() && find(*dictionary, needle.text()->bytes());
  }
  if (where.is<undefined>())
    return false;
  cannot(w, "in", needle, where);
}

bool compare(work& w, const std::string& symbol, const value& a,
             const value& b) {
  if (symbol == "==")
    return equal(w, a, b);
  if (symbol == "!=")
    return !equal(w, a, b);
  if (symbol == "in")
    return contains(w, b, a);
  if (symbol == "not in")
    return !contains(w, b, a);
  if (auto x = integer_of(a), y = integer_of(b); x && y)
    return ordered(symbol, *x, *y);
  if (auto x = real_of(a), y = real_of(b); x && y)
    return ordered(symbol, *x, *y);
  if (a.text() && b.text()) {
    w.spend(std::min(a.text()->size(), b.text()->size()));
    return ordered(symbol, a.text()->bytes(), b.text()->bytes());
  }
  cannot(w, symbol, a, b);
}

} // namespace nnactor::chat
