#include "nnactor/chat/renderer.hpp"

#include "nnactor/chat/conditions.hpp"
#include "nnactor/chat/filters.hpp"
#include "nnactor/chat/functions.hpp"
#include "nnactor/chat/methods.hpp"
#include "nnactor/chat/operators.hpp"

namespace nnactor::chat {

value renderer::evaluate(const expression& what) {
  work_.where = what.where;
  work_.spend(limits::work_of_node);
  enter();
  auto out = evaluate_kind(what);
  --depth_;
  return out;
}

value renderer::evaluate_kind(const expression& what) {
  using kind = expression_kind;
  auto child = [&](size_t i) { return evaluate(what.children[i]); };
  // Operands move the place; an operator that fails says its own.
  auto here = [&]() -> work& {
    work_.where = what.where;
    return work_;
  };
  switch (what.kind) {
  case kind::literal:
    return what.literal;
  case kind::name:
    return evaluate_name(what);
  case kind::list:
  case kind::tuple:
    return evaluate_items(what);
  case kind::dictionary:
    return evaluate_dictionary(what);
  case kind::attribute: {
    auto object = child(0);
    return attribute_of(here(), object, what.name);
  }
  case kind::item: {
    auto object = child(0), index = child(1);
    return item_of(here(), object, index);
  }
  case kind::slice:
    return evaluate_slice(what);
  case kind::call:
    return evaluate_call(what);
  case kind::filter: {
    auto subject = child(0);
    auto with = evaluate_arguments(what, what.name);
    return filter(here(), subject, with);
  }
  case kind::test: {
    auto subject = child(0);
    auto with = evaluate_arguments(what, what.name);
    return value{test(here(), subject, with)};
  }
  case kind::minus: {
    auto x = child(0);
    return operate(here(), "-", value{int64_t{0}}, x);
  }
  case kind::plus: {
    auto x = child(0);
    return operate(here(), "+", value{int64_t{0}}, x);
  }
  case kind::operation: {
    auto a = child(0), b = child(1);
    return operate(here(), what.name, a, b);
  }
  case kind::comparison:
    return evaluate_comparison(what);
  case kind::both: {
    auto first = child(0);
    return is_true(first) ? child(1) : first;
  }
  case kind::either: {
    auto first = child(0);
    return is_true(first) ? first : child(1);
  }
  case kind::negation:
    return value{!is_true(child(0))};
  case kind::conditional:
    return evaluate_conditional(what);
  }
  return value{};
}

value renderer::evaluate_name(const expression& what) {
  if (auto* found = look_up(what.name))
    return *found;
  if (is_function(what.name) || what.name == "namespace")
    return value{function{what.name}};
  return value{undefined{what.name}};
}

value renderer::evaluate_items(const expression& what) {
  std::vector<value> items;
  for (auto& child : what.children)
    items.push_back(evaluate(child));
  return work_.list(std::move(items), what.kind == expression_kind::tuple);
}

value renderer::evaluate_dictionary(const expression& what) {
  std::vector<std::pair<marked_text, value>> items;
  for (size_t i = 0; i + 1 < what.children.size(); i += 2) {
    auto key = evaluate(what.children[i]);
    if (!key.text())
      not_understood(what.children[i].where,
                     fmt::format("{} as a key", kind_of(key)));
    auto x = evaluate(what.children[i + 1]);
    work_.spend(key.text()->size() + items.size());
    auto known = std::ranges::find_if(items, [&](auto& item) {
      return item.first.bytes() == key.text()->bytes();
    });
    if (known == items.end())
      items.emplace_back(*key.text(), std::move(x));
    else
      known->second = std::move(x);
  }
  return work_.dictionary(std::move(items));
}

value renderer::evaluate_slice(const expression& what) {
  auto object = evaluate(what.children[0]);
  auto begin = evaluate(what.children[1]);
  auto end = evaluate(what.children[2]);
  auto step = evaluate(what.children[3]);
  work_.where = what.where;
  return slice_of(work_, object, begin, end, step);
}

value renderer::evaluate_comparison(const expression& what) {
  auto left = evaluate(what.children[0]);
  for (size_t i = 0; i < what.operators.size(); ++i) {
    auto right = evaluate(what.children[i + 1]);
    work_.where = what.where;
    if (!compare(work_, what.operators[i], left, right))
      return value{false};
    left = std::move(right);
  }
  return value{true};
}

value renderer::evaluate_conditional(const expression& what) {
  if (is_true(evaluate(what.children[0])))
    return evaluate(what.children[1]);
  return what.children.size() > 2 ? evaluate(what.children[2])
                                  : value{undefined{"else"}};
}

std::vector<value> renderer::evaluate_rest(const expression& what) {
  std::vector<value> out;
  for (size_t i = 1; i < what.children.size(); ++i)
    out.push_back(evaluate(what.children[i]));
  return out;
}

arguments renderer::evaluate_arguments(const expression& what, std::string of) {
  auto positional = evaluate_rest(what);
  std::vector<std::pair<std::string, value>> named;
  for (size_t i = 0; i < what.named.size(); ++i)
    named.emplace_back(what.names[i], evaluate(what.named[i]));
  work_.where = what.where;
  return {std::move(of), std::move(positional), std::move(named)};
}

value renderer::evaluate_call(const expression& what) {
  auto& callee = what.children[0];
  value called;
  if (callee.kind == expression_kind::attribute) {
    auto object = evaluate(callee.children[0]);
    work_.where = callee.where;
    if (has_method(object, callee.name)) {
      auto with = evaluate_arguments(what, callee.name);
      work_.where = callee.where;
      return call_method(work_, object, with);
    }
    called = attribute_of(work_, object, callee.name);
  } else {
    called = evaluate(callee);
  }
  auto* which = called.get<function>();
  if (!which && called.is<undefined>())
    not_understood(callee.where, callee.name + "()");
  if (!which)
    refuse(callee.where, "{} cannot be called", kind_of(called));
  return call(*which, evaluate_arguments(what, which->name));
}

value renderer::call(const function& which, arguments with) {
  if (which.macro)
    return call_macro(*which.macro, with);
  if (which.name == "namespace")
    return make_name_space(with);
  if (!is_function(which.name))
    not_understood(work_.where, which.name + "()");
  return call_function(work_, with, now_);
}

value renderer::make_name_space(arguments& with) {
  work_.spend(sizeof(name_space));
  auto& space = spaces_.emplace_back();
  if (auto* from = with.take(0, "")) {
    if (!from->dictionary())
      refuse(work_.where, "a namespace is made of a mapping, not of {}",
             kind_of(*from));
    for (auto& [key, x] : from->dictionary()->items)
      space.items[key.bytes()] = x;
  }
  for (auto& [name, x] : with.take_all_named())
    space.items[name] = x;
  work_.spend(64 * space.items.size());
  with.check_all_taken(work_);
  return value{&space};
}

value renderer::call_macro(const statement& macro, arguments& with) {
  auto outer = std::exchange(blocks_, std::vector<variables>(1));
  auto first_default = macro.names.size() - macro.expressions.size();
  for (size_t i = 0; i < macro.names.size(); ++i) {
    auto* given = with.take(i, macro.names[i]);
    if (given)
      set(macro.names[i], *given);
    else if (i >= first_default)
      set(macro.names[i], evaluate(macro.expressions[i - first_default]));
    else
      set(macro.names[i], value{undefined{macro.names[i]}});
  }
  with.check_all_taken(work_);
  marked_text out;
  auto* outside = std::exchange(out_, &out);
  run(macro.bodies[0]);
  out_ = outside;
  blocks_ = std::move(outer);
  return value{std::move(out)};
}

} // namespace nnactor::chat
