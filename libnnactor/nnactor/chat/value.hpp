#pragma once

#include "nnactor/chat/marked_text.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace nnactor::chat {

struct statement;
class value;

/// What a name stands for that nothing was given for. It prints as nothing,
/// counts as false, and fails where something is looked up in it.
struct undefined {
  std::string name;
};

struct none {};

/// A list or a tuple of Python. Lists never change.
struct sequence {
  std::vector<value> items;
  bool is_tuple = false;
  uint32_t depth = 1; ///< Of lists and mappings in each other.
};

/// A dictionary of Python in the order of its keys. It never changes, and has
/// strings alone as keys.
struct mapping {
  std::vector<std::pair<marked_text, value>> items;
  uint32_t depth = 1;
};

/// What `namespace(...)` makes, the only thing that a template can change. The
/// renderer owns all of them, so those that hold each other are no leak.
struct name_space {
  std::map<std::string, value> items;
};

/// Something that can be called by its name.
struct function {
  std::string name;
  const statement* macro = nullptr; ///< Null for what is built in.
};

using text_pointer = std::shared_ptr<const marked_text>;
using sequence_pointer = std::shared_ptr<const sequence>;
using mapping_pointer = std::shared_ptr<const mapping>;

/// A value of the template language, cheap to copy.
class value {
public:
  value() : value(undefined{}) {
  }

  template <class T>
  explicit value(T x) : what_(std::move(x)) {
  }

  explicit value(marked_text x)
      : what_(std::make_shared<const marked_text>(std::move(x))) {
  }

  /// A string that the template wrote.
  explicit value(const char* x) : value(marked_text{x, writer::model}) {
  }

  template <class T>
  const T* get() const noexcept {
    return std::get_if<T>(&what_);
  }

  template <class T>
  bool is() const noexcept {
    return std::holds_alternative<T>(what_);
  }

  /// The string, list or mapping that this is, or null.
  const marked_text* text() const noexcept {
    auto* out = get<text_pointer>();
    return out ? out->get() : nullptr;
  }

  const sequence* list() const noexcept {
    auto* out = get<sequence_pointer>();
    return out ? out->get() : nullptr;
  }

  const mapping* dictionary() const noexcept {
    auto* out = get<mapping_pointer>();
    return out ? out->get() : nullptr;
  }

  /// Calls what can be called with any of the types.
  template <class Visitor>
  decltype(auto) visit(Visitor visitor) const {
    return std::visit(visitor, what_);
  }

private:
  std::variant<undefined, none, bool, int64_t, double, text_pointer,
               sequence_pointer, mapping_pointer, name_space*, function>
      what_;
};

/// What a person calls the type of a value: "a string", "none", "a list".
const char* kind_of(const value& x);

/// How many lists and mappings are in each other here; 0 of what is neither.
uint32_t depth_of(const value& x);

/// How Python's `if` takes a value.
bool is_true(const value& x);

/// The value under a key, or null.
const value* find(const mapping& where, std::string_view key);

} // namespace nnactor::chat
