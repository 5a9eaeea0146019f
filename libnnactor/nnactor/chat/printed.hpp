#pragma once

#include "nnactor/chat/work.hpp"

#include <optional>
#include <string>

namespace nnactor::chat {

/// What a template prints for a value, as Python's `str`.
marked_text printed(work& w, const value& x);

/// Python's `repr`: strings in quotes.
marked_text represented(work& w, const value& x);

/// How JSON is laid out.
struct json_layout {
  std::optional<size_t> indent; ///< Blanks a level; all on one line without.
  std::string between = ", ";   ///< Items; a line feed follows with `indent`.
  std::string after_key = ": ";
  bool ascii = false; ///< All other characters as escapes.
  bool sorted = false;
};

/// Python's `json.dumps`. What is in strings and keys keeps its writer.
marked_text as_json(work& w, const value& x, const json_layout& how);

/// Python's `repr` of a number.
std::string number_text(double x);

} // namespace nnactor::chat
