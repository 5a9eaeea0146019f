#include "table.hpp"

#include "format.hpp"

#include <algorithm>

namespace nnactor {

table::table(std::vector<std::string> headings) {
  for (auto& heading : headings) {
    to_right_.push_back(heading.starts_with('>'));
    if (to_right_.back())
      heading.erase(0, 1);
  }
  lines_.push_back(std::move(headings));
}

void table::add(std::vector<std::string> cells) {
  cells.resize(to_right_.size());
  for (auto& cell : cells)
    cell = printable_line(cell);
  lines_.push_back(std::move(cells));
}

std::string table::render(size_t indent) const {
  std::vector<size_t> widths(to_right_.size());
  for (auto& line : lines_)
    for (size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], width_of(line[i]));
  std::string out;
  for (auto& line : lines_) {
    std::string text(indent, ' ');
    for (size_t i = 0; i < line.size(); ++i) {
      std::string fill(widths[i] - width_of(line[i]), ' ');
      text.append(i == 0 ? 0 : 2, ' ');
      text += to_right_[i] ? fill + line[i] : line[i] + fill;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

} // namespace nnactor
