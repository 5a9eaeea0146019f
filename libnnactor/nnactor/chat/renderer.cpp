#include "nnactor/chat/renderer.hpp"

#include "nnactor/chat/operators.hpp"
#include "nnactor/chat/printed.hpp"

namespace nnactor::chat {

renderer::renderer(variables given, size_t units, std::optional<std::tm> now)
    : work_(units), now_(now), outside_(std::move(given)) {
}

marked_text renderer::render(const block& all) {
  marked_text out;
  out_ = &out;
  run(all);
  return out;
}

const value* renderer::look_up(const std::string& name) const {
  for (auto i = blocks_.rbegin(); i != blocks_.rend(); ++i)
    if (auto found = i->find(name); found != i->end())
      return &found->second;
  auto found = outside_.find(name);
  return found == outside_.end() ? nullptr : &found->second;
}

void renderer::set(const std::string& name, value to) {
  work_.spend(limits::work_of_node);
  (blocks_.empty() ? outside_ : blocks_.back())[name] = std::move(to);
}

void renderer::print(const marked_text& text) {
  work_.spend(text.size());
  out_->append(text);
}

renderer::flow renderer::run(const block& all) {
  enter();
  auto next = flow::on;
  for (size_t i = 0; i < all.size() && next == flow::on; ++i)
    next = run(all[i]);
  --depth_;
  return next;
}

void renderer::enter() {
  if (++depth_ > limits::renderer_depth)
    refuse(work_.where,
           "expressions, blocks and macros are in each other more than {} deep",
           limits::renderer_depth);
}

renderer::flow renderer::run(const statement& what) {
  using kind = statement_kind;
  work_.where = what.where;
  work_.spend(limits::work_of_node);
  switch (what.kind) {
  case kind::text:
    work_.spend(what.text.size());
    out_->append(what.text, writer::model);
    return flow::on;
  case kind::output:
    print(printed(work_, evaluate(what.expressions[0])));
    return flow::on;
  case kind::set:
    run_set(what);
    return flow::on;
  case kind::set_block: {
    auto made = filtered(what, run_captured(what.bodies[0]));
    bind(what, what.names, made);
    return flow::on;
  }
  case kind::branch:
    return run_branch(what);
  case kind::loop:
    return run_loop(what);
  case kind::macro:
    if (!blocks_.empty())
      not_understood(what.where, "a macro in a loop or macro");
    set(what.text, value{function{what.text, &what}});
    return flow::on;
  case kind::filter:
    print(printed(work_, filtered(what, run_captured(what.bodies[0]))));
    return flow::on;
  case kind::scope:
    print(run_captured(what.bodies[0]));
    return flow::on;
  case kind::leave:
    return flow::leave;
  case kind::next:
    return flow::next;
  }
  return flow::on;
}

void renderer::run_set(const statement& what) {
  bind(what, what.names, evaluate(what.expressions[0]));
}

/// Gives one name a value, or several those of a list.
void renderer::bind(const statement& what,
                    const std::vector<std::string>& names, const value& to) {
  work_.where = what.where;
  if (!what.member.empty()) {
    auto* object = look_up(names[0]);
    auto* space = object ? object->get<name_space*>() : nullptr;
    if (!space)
      refuse(what.where, "'{}' is no namespace, so nothing in it can be set",
             names[0]);
    work_.spend(limits::work_of_node);
    (*space)->items[what.member] = to;
    return;
  }
  if (names.size() == 1)
    return set(names[0], to);
  auto items = items_of(work_, to);
  if (items.size() != names.size())
    refuse(what.where, "{} values do not go into {} names", items.size(),
           names.size());
  for (size_t i = 0; i < names.size(); ++i)
    set(names[i], items[i]);
}

renderer::flow renderer::run_branch(const statement& what) {
  for (size_t i = 0; i < what.expressions.size(); ++i)
    if (is_true(evaluate(what.expressions[i])))
      return run(what.bodies[i]);
  return what.bodies.size() > what.expressions.size() ? run(what.bodies.back())
                                                      : flow::on;
}

/// What a loop goes through, without what its condition leaves out.
std::vector<value> renderer::items_of_loop(const statement& what) {
  auto over = evaluate(what.expressions[0]);
  work_.where = what.where;
  auto all = items_of(work_, over);
  if (what.expressions.size() < 2)
    return all;
  std::vector<value> out;
  blocks_.emplace_back();
  for (auto& item : all) {
    bind(what, what.names, item);
    if (is_true(evaluate(what.expressions[1])))
      out.push_back(item);
  }
  blocks_.pop_back();
  return out;
}

namespace {

/// What `loop` is in round `i`.
value state_of_loop(work& w, const std::vector<value>& items, size_t i) {
  auto number = [](size_t x) { return value{static_cast<int64_t>(x)}; };
  auto beside = [&](bool there, size_t at, const char* name) {
    return there ? items[at] : value{undefined{name}};
  };
  auto key = [](const char* name) { return marked_text{name, writer::model}; };
  auto left = items.size() - i;
  return w.dictionary({
      {key("index"), number(i + 1)},
      {key("index0"), number(i)},
      {key("first"), value{i == 0}},
      {key("last"), value{left == 1}},
      {key("length"), number(items.size())},
      {key("revindex"), number(left)},
      {key("revindex0"), number(left - 1)},
      {key("previtem"), beside(i > 0, i - 1, "previtem")},
      {key("nextitem"), beside(left > 1, i + 1, "nextitem")},
  });
}

} // namespace

renderer::flow renderer::run_loop(const statement& what) {
  auto items = items_of_loop(what);
  if (items.empty())
    return what.bodies.size() > 1 ? run(what.bodies[1]) : flow::on;
  for (size_t i = 0; i < items.size(); ++i) {
    blocks_.emplace_back();
    bind(what, what.names, items[i]);
    set("loop", state_of_loop(work_, items, i));
    auto next = run(what.bodies[0]);
    blocks_.pop_back();
    if (next == flow::leave)
      break;
  }
  return flow::on;
}

/// What a body prints, which has names of its own.
marked_text renderer::run_captured(const block& body) {
  marked_text out;
  auto* outside = std::exchange(out_, &out);
  blocks_.emplace_back();
  run(body);
  blocks_.pop_back();
  out_ = outside;
  return out;
}

/// What a body printed, after the filters if there are any, which find it under
/// the empty name.
value renderer::filtered(const statement& what, marked_text printed) {
  if (what.expressions.empty())
    return value{std::move(printed)};
  blocks_.emplace_back();
  set("", value{std::move(printed)});
  auto out = evaluate(what.expressions[0]);
  blocks_.pop_back();
  return out;
}

} // namespace nnactor::chat
