#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string_view>

namespace nnactor {

/// Between two lines about how work goes where there is no terminal.
constexpr auto line_interval = std::chrono::seconds{5};

/// Where text for people goes, and what may be done there.
struct console {
  using clock = std::chrono::steady_clock;

  bool terminal = false;                       ///< Lines may be drawn anew.
  bool bold = false;                           ///< Text may be made bold.
  std::function<size_t()> columns;             ///< Of the terminal, now.
  std::function<void(std::string_view)> write; ///< And flush.
  std::function<clock::time_point()> now = [] { return clock::now(); };

  /// A stream of this process. It is a terminal unless it leads elsewhere or
  /// TERM is "dumb"; nothing is bold where NO_COLOR is set (no-color.org).
  static console of(std::FILE* stream);
};

} // namespace nnactor
