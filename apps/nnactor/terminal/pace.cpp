#include "terminal/pace.hpp"

namespace nnactor {

namespace {

constexpr auto window = std::chrono::seconds{10};
constexpr auto resolution = std::chrono::milliseconds{100};
constexpr double decay = 0.95; // About the last twenty values.

} // namespace

void pace::add(time_point when, uint64_t count) {
  // The newest sample follows the count; the others lie apart, so that there
  // are about a hundred however fast the count grows.
  auto size = samples_.size();
  if (size >= 2
      && samples_[size - 1].when - samples_[size - 2].when < resolution)
    samples_.back() = {when, count};
  else
    samples_.push_back({when, count});
  while (samples_.size() > 2 && when - samples_[1].when >= window)
    samples_.pop_front();
}

std::optional<double> pace::rate() const {
  if (samples_.size() < 2)
    return std::nullopt;
  auto& first = samples_.front();
  auto& last = samples_.back();
  std::chrono::duration<double> time = last.when - first.when;
  if (time < resolution || last.count <= first.count)
    return std::nullopt;
  return static_cast<double>(last.count - first.count) / time.count();
}

std::chrono::duration<double> pace::left(uint64_t goal) const {
  auto speed = rate();
  if (!speed)
    return std::chrono::duration<double>{-1};
  auto count = samples_.back().count;
  auto rest = goal > count ? goal - count : 0;
  return std::chrono::duration<double>{static_cast<double>(rest) / *speed};
}

void smoothed::add(double value) {
  sum_ = decay * sum_ + (1 - decay) * value;
  weight_ = decay * weight_ + (1 - decay);
}

double smoothed::value() const {
  return weight_ == 0 ? 0 : sum_ / weight_;
}

} // namespace nnactor
