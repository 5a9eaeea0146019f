#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace nnactor {

/// Lines of text cells, laid out in columns as wide as their widest cell. A
/// heading that begins with '>' has its column aligned to the right; the sign
/// is not shown.
///
/// One rule holds for all: on a terminal no line is wider than that, and text
/// that must be cut for it ends in '~'; elsewhere all is shown.
class table {
public:
  explicit table(std::vector<std::string> headings);

  /// Adds a line; cells that are missing at its end are empty. What is in a
  /// cell is made safe to show, and stays on its line.
  void add(std::vector<std::string> cells);

  /// Renders headings and lines, each line behind `indent` blanks. Where they
  /// are wider than `fit_tables` allows, the widest columns of text are cut,
  /// but not into their headings, and numbers never; the words of the last
  /// column go on below.
  std::string render(size_t indent = 2) const;

private:
  std::vector<size_t> widths(size_t columns) const;
  std::string render(const std::vector<std::string>& cells,
                     const std::vector<size_t>& room, size_t indent) const;

  std::vector<bool> to_right_;
  std::vector<std::vector<std::string>> lines_; ///< Headings first.
};

/// Sets how wide all tables may be.
void fit_tables(size_t columns);

} // namespace nnactor
