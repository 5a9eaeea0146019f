#include "table.hpp"

#include "format.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace nnactor {

namespace {

// Of a column of text that had to be cut.
constexpr size_t narrowest = 6;

size_t most_columns = SIZE_MAX;

} // namespace

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

// Of each column, so that together they take no more than `columns`.
std::vector<size_t> table::widths(size_t columns) const {
  std::vector<size_t> out(to_right_.size()), least(to_right_.size());
  for (auto& line : lines_)
    for (size_t i = 0; i < line.size(); ++i)
      out[i] = std::max(out[i], width_of(line[i]));
  for (size_t i = 0; i < out.size(); ++i)
    least[i] =
        to_right_[i]
            ? out[i]
            : std::min(out[i], std::max(width_of(lines_[0][i]), narrowest));
  auto all = std::accumulate(out.begin(), out.end(), 2 * (out.size() - 1));
  for (; all > columns; --all) {
    auto spare = [&](size_t i) { return out[i] > least[i] ? out[i] : 0; };
    size_t widest = 0;
    for (size_t i = 1; i < out.size(); ++i)
      if (spare(i) > spare(widest))
        widest = i;
    if (spare(widest) == 0)
      break;
    --out[widest];
  }
  return out;
}

std::string table::render(size_t indent) const {
  auto room = widths(most_columns - std::min(indent, most_columns));
  std::string out;
  for (auto& line : lines_) {
    std::string text(indent, ' ');
    for (size_t i = 0; i < line.size(); ++i) {
      auto cell = cut(line[i], room[i]);
      std::string fill(room[i] - width_of(cell), ' ');
      text.append(i == 0 ? 0 : 2, ' ');
      text += to_right_[i] ? fill + cell : cell + fill;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

void fit_tables(size_t columns) {
  most_columns = columns;
}

} // namespace nnactor
