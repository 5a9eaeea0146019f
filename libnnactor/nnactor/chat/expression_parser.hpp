#pragma once

#include "nnactor/chat/syntax.hpp"
#include "nnactor/chat/token_stream.hpp"

namespace nnactor::chat {

/// Reads expressions, with the precedence of Jinja's own parser: `|` and `is`
/// bind tighter than any operator, `~` tighter than `+`.
class expression_parser {
public:
  explicit expression_parser(token_stream& tokens) : tokens_(tokens) {
  }

  /// One expression, or several with commas between them, which are a tuple.
  expression read_tuple();

  expression read();

  /// An expression without an `if` of its own, as loops have it.
  expression read_without_condition();

  /// The filters after a `|` that was taken.
  expression read_filters(expression subject);

private:
  using kind = expression_kind;
  using rule = expression (expression_parser::*)();

  expression make(kind what, position where,
                  std::vector<expression> children) const;
  expression read_operations(rule next, std::initializer_list<const char*> all);
  expression read_both();
  expression read_negation();
  expression read_comparison();
  expression read_sum();
  expression read_joined();
  expression read_product();
  expression read_signed();
  expression read_operand(bool with_filters);
  expression read_primary();
  expression read_literal(value literal);
  expression read_number();
  expression read_string();
  expression read_brackets();
  expression read_list();
  expression read_dictionary();
  expression read_postfix(expression subject, bool with_filters);
  expression read_attribute(expression subject);
  expression read_subscript(expression subject);
  expression read_filter(expression subject);
  expression read_test(expression subject);
  void read_arguments(expression& call);

  token_stream& tokens_;
  uint32_t depth_ = 0;
};

} // namespace nnactor::chat
