#include "terminal/table.hpp"

#include "terminal/format.hpp"

#include <algorithm>
#include <numeric>

namespace nnactor {

namespace {

// Of a column of text that had to be cut.
constexpr size_t narrowest = 6;

size_t most_columns = SIZE_MAX;

/// Breaks the last cell of a line between words if it has several, and a word
/// only where it alone is too long.
std::vector<std::string> pieces_of(const std::string& cell, size_t columns) {
  if (width_of(cell) <= columns || cell.find(' ') == std::string::npos)
    return {cell};
  std::vector<std::string> out;
  for (auto& piece : wrapped(cell, columns)) {
    while (width_of(piece) > columns) {
      auto head = cut(piece, columns + 1);
      head.pop_back(); // The sign that something was cut off.
      out.push_back(head);
      piece.erase(0, head.size());
    }
    out.push_back(piece);
  }
  return out;
}

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
  for (auto line : lines_) {
    for (auto& piece : pieces_of(line.back(), room.back())) {
      line.back() = piece;
      out += render(line, room, indent);
      line.assign(line.size(), "");
    }
  }
  return out;
}

std::string table::render(const std::vector<std::string>& cells,
                          const std::vector<size_t>& room,
                          size_t indent) const {
  std::string out(indent, ' ');
  for (size_t i = 0; i < cells.size(); ++i) {
    auto cell = cut(cells[i], room[i]);
    std::string fill(room[i] - width_of(cell), ' ');
    out.append(i == 0 ? 0 : 2, ' ');
    out += to_right_[i] ? fill + cell : cell + fill;
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

void fit_tables(size_t columns) {
  most_columns = columns;
}

} // namespace nnactor
