#pragma once

#include "terminal/console.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace nnactor {

/// Renders "[====>     ] first  second ..." in at most `columns` columns. Where
/// that is too wide the bar shrinks, then fields go from the end; the first one
/// stays, at last without the bar and cut.
/// @param share Of the work that is done, 0 to 1.
/// @param fields The most important one first.
std::string render_bar(double share, const std::vector<std::string>& fields,
                       size_t columns);

/// One line at the bottom of a terminal that changes in place, at most ten
/// times a second. Elsewhere it shows nothing.
class progress_bar {
public:
  explicit progress_bar(console screen);

  /// Leaves an empty line.
  ~progress_bar();

  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

  using field_list = std::function<std::vector<std::string>()>;

  /// Draws the bar, if it is time; calls `fields` only then.
  void update(double share, const field_list& fields);

  /// Makes room for other output; the next `update` draws again.
  void erase();

private:
  console screen_;
  std::optional<console::clock::time_point> drawn_;
  bool visible_ = false;
};

} // namespace nnactor
