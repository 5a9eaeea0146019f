#include "nnactor/chat/expression_parser.hpp"

#include <charconv>

namespace nnactor::chat {

expression expression_parser::read_literal(value literal) {
  auto out = make(kind::literal, tokens_.peek().where, {});
  out.literal = std::move(literal);
  return out;
}

expression expression_parser::read_primary() {
  auto& next = tokens_.peek();
  switch (next.kind) {
  case token_kind::integer:
  case token_kind::real:
    return read_number();
  case token_kind::string:
    return read_string();
  case token_kind::name:
    break;
  default:
    return read_brackets();
  }
  auto where = next.where;
  auto name = tokens_.take().text;
  if (name == "true" || name == "True")
    return read_literal(value{true});
  if (name == "false" || name == "False")
    return read_literal(value{false});
  if (name == "none" || name == "None")
    return read_literal(value{none{}});
  auto out = make(kind::name, where, {});
  out.name = std::move(name);
  return out;
}

expression expression_parser::read_number() {
  auto& digits = tokens_.peek().text;
  auto* last = digits.data() + digits.size();
  auto failed = std::errc{};
  value literal;
  if (tokens_.peek().kind == token_kind::integer) {
    int64_t number = 0;
    failed = std::from_chars(digits.data(), last, number).ec;
    literal = value{number};
  } else {
    double number = 0;
    failed = std::from_chars(digits.data(), last, number).ec;
    literal = value{number};
  }
  if (failed != std::errc{})
    refuse(tokens_.peek().where, "the number {} is too large", digits);
  auto out = read_literal(std::move(literal));
  tokens_.take();
  return out;
}

expression expression_parser::read_string() {
  auto where = tokens_.peek().where;
  std::string text;
  while (tokens_.peek().kind == token_kind::string)
    text += tokens_.take().text;
  auto out = make(kind::literal, where, {});
  out.literal = value{marked_text{text, writer::model}};
  return out;
}

expression expression_parser::read_brackets() {
  if (tokens_.is_symbol("["))
    return read_list();
  if (tokens_.is_symbol("{"))
    return read_dictionary();
  auto where = tokens_.peek().where;
  if (!tokens_.take_symbol("("))
    tokens_.unexpected("a value");
  if (tokens_.take_symbol(")"))
    return make(kind::tuple, where, {});
  auto out = read_tuple();
  tokens_.expect_symbol(")");
  return out;
}

expression expression_parser::read_list() {
  auto where = tokens_.take().where;
  std::vector<expression> items;
  while (!tokens_.take_symbol("]")) {
    items.push_back(read());
    if (!tokens_.is_symbol("]"))
      tokens_.expect_symbol(",");
  }
  return make(kind::list, where, std::move(items));
}

expression expression_parser::read_dictionary() {
  auto where = tokens_.take().where;
  std::vector<expression> items;
  while (!tokens_.take_symbol("}")) {
    items.push_back(read());
    tokens_.expect_symbol(":");
    items.push_back(read());
    if (!tokens_.is_symbol("}"))
      tokens_.expect_symbol(",");
  }
  return make(kind::dictionary, where, std::move(items));
}

} // namespace nnactor::chat
