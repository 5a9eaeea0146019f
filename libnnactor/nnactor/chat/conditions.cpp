#include "nnactor/chat/conditions.hpp"

#include "nnactor/chat/string_functions.hpp"

#include <optional>

namespace nnactor::chat {

namespace {

bool is_number(const value& x) {
  return x.is<int64_t>() || x.is<double>() || x.is<bool>();
}

/// Tests that look at the type alone.
std::optional<bool> test_kind(const std::string& name, const value& x) {
  if (name == "defined")
    return !x.is<undefined>();
  if (name == "undefined")
    return x.is<undefined>();
  if (name == "none")
    return x.is<none>();
  if (name == "string")
    return x.text() != nullptr;
  if (name == "mapping")
    return x.dictionary() != nullptr;
  if (name == "number")
    return is_number(x);
  if (name == "integer")
    return x.is<int64_t>();
  if (name == "float")
    return x.is<double>();
  if (name == "boolean")
    return x.is<bool>();
  if (name == "true" || name == "false")
    return x.is<bool>() && *x.get<bool>() == (name == "true");
  if (name == "callable")
    return x.is<function>();
  if (name == "iterable" || name == "sequence")
    return x.text() || x.list() || x.dictionary() || x.is<undefined>();
  return std::nullopt;
}

/// The operator that a test stands for, or nothing.
std::string operator_of(const std::string& name) {
  if (name == "equalto" || name == "eq" || name == "==")
    return "==";
  if (name == "ne" || name == "!=")
    return "!=";
  if (name == "lt" || name == "lessthan" || name == "<")
    return "<";
  if (name == "gt" || name == "greaterthan" || name == ">")
    return ">";
  if (name == "le" || name == "<=")
    return "<=";
  if (name == "ge" || name == ">=")
    return ">=";
  return name == "in" ? "in" : "";
}

bool divides(work& w, const value& x, const value& by) {
  return equal(w, operate(w, "%", x, by), value{int64_t{0}});
}

/// Objects that are equal count as one here, as small ones do in Python.
bool is_same(work& w, const value& a, const value& b) {
  return std::string_view{kind_of(a)} == kind_of(b) && equal(w, a, b);
}

bool same_case(work& w, const value& x, letter_case how) {
  auto text = x.text() ? *x.text() : marked_text{};
  return text.size() > 0 && in_case(w, text, how).bytes() == text.bytes();
}

} // namespace

bool test(work& w, const value& x, arguments& with) {
  auto& name = with.of();
  auto out = test_kind(name, x);
  if (auto symbol = operator_of(name); !symbol.empty())
    out = compare(w, symbol, x, with.need(w, 0, "other"));
  else if (name == "even" || name == "odd")
    out = divides(w, x, value{int64_t{2}}) == (name == "even");
  else if (name == "divisibleby")
    out = divides(w, x, with.need(w, 0, "num"));
  else if (name == "sameas")
    out = is_same(w, x, with.need(w, 0, "other"));
  else if (name == "lower")
    out = same_case(w, x, letter_case::lower);
  else if (name == "upper")
    out = same_case(w, x, letter_case::upper);
  if (!out)
    not_understood(w.where, "is " + name);
  with.check_all_taken(w);
  return *out;
}

} // namespace nnactor::chat
