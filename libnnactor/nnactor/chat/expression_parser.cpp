#include "nnactor/chat/expression_parser.hpp"

#include <algorithm>
#include <optional>

namespace nnactor::chat {

expression expression_parser::make(kind what, position where,
                                   std::vector<expression> children) const {
  expression out;
  out.kind = what;
  out.where = where;
  for (auto& child : children)
    out.depth = std::max(out.depth, child.depth + 1);
  if (out.depth > limits::tree_depth)
    refuse(where, "an expression has more than {} operators in a row",
           limits::tree_depth);
  out.children = std::move(children);
  return out;
}

expression expression_parser::read_tuple() {
  auto first = read();
  if (!tokens_.is_symbol(","))
    return first;
  auto where = first.where;
  std::vector<expression> all;
  all.push_back(std::move(first));
  while (tokens_.take_symbol(",")) {
    auto kind_of_next = tokens_.peek().kind;
    if (tokens_.is_symbol(")") || kind_of_next == token_kind::tag_end
        || kind_of_next == token_kind::output_end)
      break;
    all.push_back(read());
  }
  return make(kind::tuple, where, std::move(all));
}

expression expression_parser::read() {
  parser_level level{depth_, tokens_.peek().where};
  auto out = read_without_condition();
  while (tokens_.is_name("if")) {
    auto where = tokens_.take().where;
    std::vector<expression> children;
    children.push_back(read_without_condition());
    children.push_back(std::move(out));
    if (tokens_.take_name("else"))
      children.push_back(read());
    out = make(kind::conditional, where, std::move(children));
  }
  return out;
}

expression expression_parser::read_without_condition() {
  auto out = read_both();
  while (tokens_.is_name("or")) {
    auto where = tokens_.take().where;
    std::vector<expression> children;
    children.push_back(std::move(out));
    children.push_back(read_both());
    out = make(kind::either, where, std::move(children));
  }
  return out;
}

expression expression_parser::read_both() {
  auto out = read_negation();
  while (tokens_.is_name("and")) {
    auto where = tokens_.take().where;
    std::vector<expression> children;
    children.push_back(std::move(out));
    children.push_back(read_negation());
    out = make(kind::both, where, std::move(children));
  }
  return out;
}

expression expression_parser::read_negation() {
  parser_level level{depth_, tokens_.peek().where};
  if (!tokens_.is_name("not"))
    return read_comparison();
  auto where = tokens_.take().where;
  std::vector<expression> children;
  children.push_back(read_negation());
  return make(kind::negation, where, std::move(children));
}

namespace {

/// Takes an operator that compares, if there is one.
std::optional<std::string> take_comparison(token_stream& tokens) {
  if (tokens.is_name("not") && tokens.is(token_kind::name, "in", 1)) {
    tokens.take();
    tokens.take();
    return "not in";
  }
  if (tokens.take_name("in"))
    return "in";
  for (auto* symbol : {"==", "!=", "<=", ">=", "<", ">"})
    if (tokens.take_symbol(symbol))
      return symbol;
  return std::nullopt;
}

} // namespace

expression expression_parser::read_comparison() {
  auto where = tokens_.peek().where;
  std::vector<expression> operands;
  std::vector<std::string> operators;
  operands.push_back(read_sum());
  while (auto next = take_comparison(tokens_)) {
    operators.push_back(*next);
    operands.push_back(read_sum());
  }
  if (operators.empty())
    return std::move(operands.front());
  auto out = make(kind::comparison, where, std::move(operands));
  out.operators = std::move(operators);
  return out;
}

expression
expression_parser::read_operations(rule next,
                                   std::initializer_list<const char*> all) {
  auto out = (this->*next)();
  for (;;) {
    auto found = std::ranges::find_if(
        all, [&](auto* symbol) { return tokens_.is_symbol(symbol); });
    if (found == all.end())
      return out;
    auto where = tokens_.take().where;
    std::vector<expression> children;
    children.push_back(std::move(out));
    children.push_back((this->*next)());
    out = make(kind::operation, where, std::move(children));
    out.name = *found;
  }
}

expression expression_parser::read_sum() {
  return read_operations(&expression_parser::read_joined, {"+", "-"});
}

expression expression_parser::read_joined() {
  return read_operations(&expression_parser::read_product, {"~"});
}

expression expression_parser::read_product() {
  return read_operations(&expression_parser::read_signed,
                         {"*", "/", "//", "%"});
}

expression expression_parser::read_signed() {
  auto out = read_operand(true);
  if (tokens_.is_symbol("**"))
    not_understood(tokens_.peek().where, "**");
  return out;
}

expression expression_parser::read_operand(bool with_filters) {
  parser_level level{depth_, tokens_.peek().where};
  if (!tokens_.is_symbol("-") && !tokens_.is_symbol("+"))
    return read_postfix(read_primary(), with_filters);
  auto sign = tokens_.take();
  std::vector<expression> children;
  children.push_back(read_operand(false));
  return read_postfix(make(sign.text == "-" ? kind::minus : kind::plus,
                           sign.where, std::move(children)),
                      with_filters);
}

expression expression_parser::read_postfix(expression out, bool with_filters) {
  for (;;) {
    if (tokens_.is_symbol(".")) {
      out = read_attribute(std::move(out));
    } else if (tokens_.is_symbol("[")) {
      out = read_subscript(std::move(out));
    } else if (tokens_.is_symbol("(")) {
      auto where = tokens_.take().where;
      std::vector<expression> children;
      children.push_back(std::move(out));
      out = make(kind::call, where, std::move(children));
      read_arguments(out);
    } else if (with_filters && tokens_.take_symbol("|")) {
      out = read_filter(std::move(out));
    } else if (with_filters && tokens_.take_name("is")) {
      out = read_test(std::move(out));
    } else {
      return out;
    }
  }
}

expression expression_parser::read_attribute(expression subject) {
  auto where = tokens_.take().where;
  std::vector<expression> children;
  children.push_back(std::move(subject));
  auto out = make(kind::attribute, where, std::move(children));
  out.name = tokens_.expect_name("the name of an attribute");
  return out;
}

expression expression_parser::read_subscript(expression subject) {
  auto where = tokens_.take().where;
  std::vector<expression> children;
  children.push_back(std::move(subject));
  auto nothing = [&] { return read_literal(value{none{}}); };
  auto part = [&] {
    return tokens_.is_symbol(":") || tokens_.is_symbol("]") ? nothing()
                                                            : read();
  };
  if (tokens_.is_symbol("]"))
    tokens_.unexpected("an index");
  children.push_back(part());
  if (!tokens_.take_symbol(":")) {
    tokens_.expect_symbol("]");
    return make(kind::item, where, std::move(children));
  }
  children.push_back(part());
  children.push_back(tokens_.take_symbol(":") ? part() : nothing());
  tokens_.expect_symbol("]");
  return make(kind::slice, where, std::move(children));
}

expression expression_parser::read_filters(expression subject) {
  auto out = read_filter(std::move(subject));
  while (tokens_.take_symbol("|"))
    out = read_filter(std::move(out));
  return out;
}

expression expression_parser::read_filter(expression subject) {
  auto where = tokens_.peek().where;
  std::vector<expression> children;
  children.push_back(std::move(subject));
  auto out = make(kind::filter, where, std::move(children));
  out.name = tokens_.expect_name("the name of a filter");
  if (tokens_.take_symbol("("))
    read_arguments(out);
  return out;
}

expression expression_parser::read_test(expression subject) {
  auto is_not = tokens_.take_name("not");
  auto where = tokens_.peek().where;
  std::vector<expression> children;
  children.push_back(std::move(subject));
  auto out = make(kind::test, where, std::move(children));
  out.name = tokens_.expect_name("the name of a test");
  auto& next = tokens_.peek();
  auto begins_value = next.kind == token_kind::string
                      || next.kind == token_kind::integer
                      || next.kind == token_kind::real || tokens_.is_symbol("[")
                      || tokens_.is_symbol("{");
  constexpr std::string_view words[] = {"else", "or", "and", "if",
                                        "in",   "is", "not"};
  begins_value |= next.kind == token_kind::name
                  && std::ranges::find(words, next.text) == std::end(words);
  if (tokens_.take_symbol("(")) {
    read_arguments(out);
  } else if (begins_value) {
    std::vector<expression> both;
    both.push_back(std::move(out.children.front()));
    both.push_back(read_postfix(read_primary(), false));
    auto name = std::move(out.name);
    out = make(kind::test, where, std::move(both));
    out.name = std::move(name);
  }
  if (!is_not)
    return out;
  std::vector<expression> negated;
  negated.push_back(std::move(out));
  return make(kind::negation, where, std::move(negated));
}

void expression_parser::read_arguments(expression& call) {
  while (!tokens_.take_symbol(")")) {
    if (tokens_.is_symbol("*") || tokens_.is_symbol("**"))
      not_understood(tokens_.peek().where, tokens_.peek().text);
    auto is_named = tokens_.peek().kind == token_kind::name
                    && tokens_.is(token_kind::symbol, "=", 1);
    auto name = is_named ? tokens_.take().text : "";
    if (is_named)
      tokens_.take();
    else if (!call.named.empty())
      refuse(tokens_.peek().where, "an argument without a name comes after one "
                                   "with a name");
    auto argument = read();
    call.depth = std::max(call.depth, argument.depth + 1);
    if (call.depth > limits::tree_depth)
      refuse(call.where, "calls are in each other more than {} deep",
             limits::tree_depth);
    if (is_named)
      call.names.push_back(std::move(name));
    (is_named ? call.named : call.children).push_back(std::move(argument));
    if (!tokens_.is_symbol(")"))
      tokens_.expect_symbol(",");
  }
}

} // namespace nnactor::chat
