#include "terminal/progress_bar.hpp"

#include "terminal/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace nnactor {

namespace {

constexpr size_t shortest = 6, longest = 24;
constexpr auto redraw_interval = std::chrono::milliseconds{100};

std::string draw(double share, size_t inside) {
  auto full = static_cast<size_t>(share * static_cast<double>(inside));
  std::string out(full, '=');
  if (full < inside)
    out += '>';
  out.resize(inside, ' ');
  return "[" + out + "] ";
}

std::string join(const std::vector<std::string>& fields) {
  std::string out;
  for (auto& field : fields)
    out += (out.empty() ? "" : "  ") + field;
  return out;
}

} // namespace

std::string render_bar(double share, const std::vector<std::string>& fields,
                       size_t columns) {
  share = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0.0;
  auto shown = fields;
  // Two brackets and a blank belong to the bar.
  while (shown.size() > 1 && width_of(join(shown)) + shortest + 3 > columns)
    shown.pop_back();
  auto text = join(shown);
  auto width = width_of(text) + 3;
  if (width + shortest > columns)
    return cut(text, columns);
  return draw(share, std::min(longest, columns - width)) + text;
}

progress_bar::progress_bar(console screen) : screen_(std::move(screen)) {
}

progress_bar::~progress_bar() {
  erase();
}

void progress_bar::update(double share, const field_list& fields) {
  if (!screen_.terminal)
    return;
  auto now = screen_.now();
  if (drawn_ && now - *drawn_ < redraw_interval)
    return;
  drawn_ = now;
  visible_ = true;
  // In the last column, some terminals would go on to the next line.
  auto columns = std::max<size_t>(screen_.columns(), 2) - 1;
  screen_.write(
      fmt::format("\r{}\033[K", render_bar(share, fields(), columns)));
}

void progress_bar::erase() {
  if (visible_)
    screen_.write("\r\033[K");
  visible_ = false;
  drawn_.reset();
}

} // namespace nnactor
