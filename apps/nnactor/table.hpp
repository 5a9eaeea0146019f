#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace nnactor {

/// Lines of text cells, laid out in columns as wide as their widest cell. A
/// heading that begins with '>' has its column aligned to the right; the sign
/// is not shown.
class table {
public:
  explicit table(std::vector<std::string> headings);

  /// Adds a line; cells that are missing at its end are empty. What is in a
  /// cell is made safe to show, and stays on its line.
  void add(std::vector<std::string> cells);

  /// Renders headings and lines, each line behind `indent` blanks.
  std::string render(size_t indent = 2) const;

private:
  std::vector<bool> to_right_;
  std::vector<std::vector<std::string>> lines_; ///< Headings first.
};

} // namespace nnactor
