#include "terminal/bytes_bar.hpp"

#include "terminal/format.hpp"

#include <algorithm>

namespace nnactor {

bytes_bar::bytes_bar(console screen, std::string doing)
    : screen_(screen), doing_(std::move(doing)), bar_(std::move(screen)),
      line_at_(screen_.now()) {
}

void bytes_bar::update(uint64_t bytes, uint64_t of) {
  of = std::max({bytes, of, uint64_t{1}});
  pace_.add(screen_.now(), bytes);
  if (screen_.terminal)
    return bar_.update(static_cast<double>(bytes) / static_cast<double>(of),
                       [=, this] { return fields(bytes, of); });
  if (screen_.now() - line_at_ < line_interval)
    return;
  line_at_ = screen_.now();
  screen_.write(fmt::format("  {}\n", fmt::join(fields(bytes, of), ", ")));
}

std::vector<std::string> bytes_bar::fields(uint64_t bytes, uint64_t of) const {
  std::vector<std::string> out{fmt::format(
      "{} {} of {}", doing_, format_bytes(bytes), format_bytes(of))};
  if (auto speed = pace_.rate()) {
    out.push_back(format_duration(pace_.left(of)) + " left");
    out.push_back(format_bytes(static_cast<uint64_t>(*speed)) + "/s");
  }
  return out;
}

} // namespace nnactor
