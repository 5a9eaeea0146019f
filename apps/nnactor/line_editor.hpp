#pragma once

#include <optional>
#include <string>

namespace nnactor {

/// Reads lines from a terminal, with editing, history and completion of
/// commands by TAB. The history is kept in the user's state folder.
class line_editor {
public:
  line_editor();
  ~line_editor();

  line_editor(const line_editor&) = delete;
  line_editor& operator=(const line_editor&) = delete;

  /// Returns the next line, nothing at the end of input.
  std::optional<std::string> read(const std::string& prompt);

private:
  std::string history_;
};

} // namespace nnactor
