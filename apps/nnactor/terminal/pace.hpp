#pragma once

#include "terminal/console.hpp"

#include <cstdint>
#include <deque>
#include <optional>

namespace nnactor {

/// How fast a count grows: its mean rate over the last ten seconds, pauses
/// such as validations included, so that it also tells the time left.
class pace {
public:
  using time_point = console::clock::time_point;

  void add(time_point when, uint64_t count);

  /// Counts a second, nothing before there is a first estimate.
  std::optional<double> rate() const;

  /// Time until the count is `goal`; negative while there is no estimate.
  std::chrono::duration<double> left(uint64_t goal) const;

private:
  struct sample {
    time_point when;
    uint64_t count;
  };
  std::deque<sample> samples_;
};

/// A mean in which older values count ever less, without the bias that the
/// first values would have.
class smoothed {
public:
  void add(double value);

  /// 0 before the first value.
  double value() const;

private:
  double sum_ = 0;
  double weight_ = 0;
};

} // namespace nnactor
