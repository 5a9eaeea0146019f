#pragma once

#include "nnactor/chat/fault.hpp"
#include "nnactor/chat/value.hpp"

#include <string>
#include <vector>

namespace nnactor::chat {

/// What an expression is; each kind says which `children` it has, and what its
/// `name` is.
enum class expression_kind : uint8_t {
  literal,     ///< `literal`
  name,        ///< `name`
  list,        ///< The items.
  tuple,       ///< The items.
  dictionary,  ///< Key, value, key, value...
  attribute,   ///< Of the child, called `name`.
  item,        ///< Object, index.
  slice,       ///< Object, begin, end, step; a literal none where left out.
  call,        ///< Callee, arguments; `named`.
  filter,      ///< Subject, arguments; `name`, `named`.
  test,        ///< Subject, arguments; `name`, `named`.
  minus,       ///< Of the child.
  plus,        ///< Of the child.
  operation,   ///< Two sides of the operator `name`.
  comparison,  ///< Operands, one more than `operators`.
  both,        ///< `and` of two children.
  either,      ///< `or` of two children.
  negation,    ///< `not` of the child.
  conditional, ///< Condition, value, and what there is otherwise if said.
};

struct expression {
  expression_kind kind = expression_kind::literal;
  position where;
  std::string name;
  value literal;
  std::vector<expression> children;
  std::vector<expression> named;      ///< Arguments, as in `f(name=...)`.
  std::vector<std::string> names;     ///< Of `named`.
  std::vector<std::string> operators; ///< "==", "<", "in", "not in"...
  uint32_t depth = 1; ///< Of this tree, at most `limits::tree_depth`.
};

enum class statement_kind : uint8_t {
  text,      ///< `text`
  output,    ///< The one expression.
  set,       ///< Of `names` to the one expression; with `member`, of that.
  set_block, ///< Of a name to what the body prints, through the filters.
  branch,    ///< Conditions, as many `bodies` or one more.
  loop,      ///< Over the first expression, of which the second holds if there
             ///< is one; names; body, and one for when there was nothing.
  macro,     ///< `text` is its name, `names` its parameters, the last of which
             ///< have the expressions as defaults.
  filter,    ///< What the body prints, through the filters.
  scope,     ///< A body with variables of its own.
  leave,     ///< `break`
  next,      ///< `continue`
};

struct statement {
  statement_kind kind = statement_kind::text;
  position where;
  std::string text;
  std::string member; ///< Of a namespace that is set.
  std::vector<std::string> names;
  std::vector<expression> expressions;
  std::vector<std::vector<statement>> bodies;
};

using block = std::vector<statement>;

} // namespace nnactor::chat
