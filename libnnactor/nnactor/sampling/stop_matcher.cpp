#include "nnactor/sampling/stop_matcher.hpp"

#include <algorithm>
#include <utility>

namespace nnactor {

stop_matcher::stop_matcher(const std::vector<std::string>& stops) {
  for (auto& text : stops) {
    if (text.empty())
      continue;
    pattern next{text, {0, 0}, 0};
    // The table is what the pattern itself matches of it.
    for (size_t i = 1; i < text.size(); ++i) {
      next.take(text[i]);
      next.shorter.push_back(next.matched);
    }
    next.matched = 0;
    patterns_.push_back(std::move(next));
  }
}

void stop_matcher::pattern::take(char byte) {
  while (matched > 0 && text[matched] != byte)
    matched = shorter[matched];
  matched += text[matched] == byte;
}

std::string stop_matcher::feed(std::string_view more) {
  auto kept = held_.size();
  for (auto byte : more) {
    if (stopped_)
      break;
    held_ += byte;
    size_t open = 0, whole = 0;
    for (auto& pattern : patterns_) {
      pattern.take(byte);
      open = std::max(open, pattern.matched);
      if (pattern.matched == pattern.text.size())
        whole = std::max(whole, pattern.matched);
    }
    stopped_ = whole > 0;
    kept = stopped_ ? whole : open;
  }
  auto shown = held_.substr(0, held_.size() - kept);
  held_.erase(0, shown.size());
  if (stopped_)
    held_.clear();
  return shown;
}

std::string stop_matcher::finish() {
  return std::exchange(held_, {});
}

} // namespace nnactor
