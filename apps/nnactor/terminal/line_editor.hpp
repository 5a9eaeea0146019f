#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nnactor {

/// Reads lines from a terminal, with editing, history and completion by TAB.
/// The history of all sessions is kept in the user's state folder, for nobody
/// else to read.
class line_editor {
public:
  /// Returns the words that may follow a line so far.
  using completion = std::function<std::vector<std::string>(std::string_view)>;

  explicit line_editor(completion next);
  ~line_editor();

  line_editor(const line_editor&) = delete;
  line_editor& operator=(const line_editor&) = delete;

  /// Returns the next line, nothing at the end of input.
  std::optional<std::string> read(const std::string& prompt);

private:
  void keep(const std::string& line);

  std::string history_;
};

} // namespace nnactor
