#pragma once

#include "nnactor/chat/operators.hpp"
#include "nnactor/chat/work.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nnactor::chat {

/// What a filter, a test, a method or a function is called with. Whoever reads
/// an argument takes it; what nobody took is an argument too many.
class arguments {
public:
  arguments(std::string of, std::vector<value> positional,
            std::vector<std::pair<std::string, value>> named)
      : of_(std::move(of)), positional_(std::move(positional)),
        named_(std::move(named)) {
  }

  /// What is called.
  const std::string& of() const noexcept {
    return of_;
  }

  size_t count() const noexcept {
    return positional_.size();
  }

  /// Takes an argument by its place or its name; null if there is none.
  const value* take(size_t at, std::string_view name) {
    if (at < positional_.size()) {
      ++taken_;
      return &positional_[at];
    }
    for (auto& [known, x] : named_)
      if (known == name) {
        ++taken_;
        return &x;
      }
    return nullptr;
  }

  const value& need(const work& w, size_t at, std::string_view name) {
    auto* out = take(at, name);
    if (!out)
      refuse(w.where, "'{}' lacks its argument '{}'", of_, name);
    return *out;
  }

  const marked_text& need_text(const work& w, size_t at,
                               std::string_view name) {
    auto* out = need(w, at, name).text();
    if (!out)
      refuse(w.where, "'{}' of '{}' has to be a string", name, of_);
    return *out;
  }

  std::optional<int64_t> take_integer(const work& w, size_t at,
                                      std::string_view name) {
    auto* out = take(at, name);
    if (!out || out->is<none>())
      return std::nullopt;
    auto number = integer_of(*out);
    if (!number)
      refuse(w.where, "'{}' of '{}' has to be an integer", name, of_);
    return number;
  }

  bool take_flag(size_t at, std::string_view name) {
    auto* out = take(at, name);
    return out && is_true(*out);
  }

  /// Takes the first argument, which is the name of a filter or test, and
  /// returns the others.
  std::pair<std::string, arguments> take_name(const work& w) {
    auto name = need_text(w, 0, "name").bytes();
    arguments rest{name, {positional_.begin() + 1, positional_.end()}, named_};
    take_all();
    return {name, std::move(rest)};
  }

  /// Fails if there is an argument that nobody took.
  void check_all_taken(const work& w) const {
    if (taken_ < positional_.size() + named_.size())
      refuse(w.where, "'{}' has an argument that is not understood", of_);
  }

  const std::vector<std::pair<std::string, value>>& take_all_named() {
    taken_ += named_.size();
    return named_;
  }

  void take_all() {
    taken_ = positional_.size() + named_.size();
  }

private:
  std::string of_;
  std::vector<value> positional_;
  std::vector<std::pair<std::string, value>> named_;
  size_t taken_ = 0;
};

} // namespace nnactor::chat
