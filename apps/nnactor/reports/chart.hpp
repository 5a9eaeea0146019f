#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace nnactor {

/// One line of a chart.
struct chart_line {
  std::string name;
  std::vector<double> values; ///< By point of the horizontal axis; 0: none.
  bool dashed = false;
  size_t colour = 0;
};

/// Lines over a logarithmic horizontal axis, as a picture that needs nothing
/// else.
struct chart {
  std::string title;
  std::string horizontal; ///< Label of the axis, with its unit.
  std::string vertical;
  std::vector<double> points; ///< Ascending, above 0.
  std::vector<chart_line> lines;
  bool logarithmic = false; ///< The vertical axis, too.
};

std::string to_svg(const chart& what);

} // namespace nnactor
