#pragma once

#include "nnactor/chat/arguments.hpp"
#include "nnactor/chat/syntax.hpp"
#include "nnactor/chat/work.hpp"

#include <ctime>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace nnactor::chat {

using variables = std::map<std::string, value>;

/// Renders a template once. A name is looked up in the blocks around it, then
/// among what is set outside of all, then among the functions. A loop, a macro
/// and the block of a `set` have names of their own; an `if` has none.
class renderer {
public:
  /// @param given Variables that the template sees.
  /// @param units Of work that it may do, see `limits::work`.
  /// @param now For `strftime_now`.
  renderer(variables given, size_t units, std::optional<std::tm> now);

  /// Throws `fault`.
  marked_text render(const block& all);

private:
  enum class flow : uint8_t { on, leave, next };

  value evaluate(const expression& what);
  value evaluate_kind(const expression& what);
  value evaluate_name(const expression& what);
  value evaluate_items(const expression& what);
  value evaluate_dictionary(const expression& what);
  value evaluate_slice(const expression& what);
  value evaluate_comparison(const expression& what);
  value evaluate_conditional(const expression& what);
  value evaluate_call(const expression& what);
  std::vector<value> evaluate_rest(const expression& what);
  arguments evaluate_arguments(const expression& what, std::string of);
  value call(const function& which, arguments with);
  value call_macro(const statement& macro, arguments& with);
  value make_name_space(arguments& with);

  /// Goes one deeper; to be undone by `--depth_`.
  void enter();

  flow run(const block& all);
  flow run(const statement& what);
  void run_set(const statement& what);
  flow run_branch(const statement& what);
  flow run_loop(const statement& what);
  std::vector<value> items_of_loop(const statement& what);
  void bind(const statement& what, const std::vector<std::string>& names,
            const value& to);
  marked_text run_captured(const block& body);
  value filtered(const statement& what, marked_text printed);
  void print(const marked_text& text);
  void set(const std::string& name, value to);
  const value* look_up(const std::string& name) const;

  work work_;
  std::optional<std::tm> now_;
  variables outside_;             ///< All blocks.
  std::vector<variables> blocks_; ///< The innermost is the last.
  std::deque<name_space> spaces_; ///< Which values point at.
  marked_text* out_ = nullptr;    ///< Where is printed to.
  uint32_t depth_ = 0;            ///< Of expressions and blocks.
};

} // namespace nnactor::chat
