#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace nnactor {

/// Connections that have not introduced themselves yet, and since when.
class strangers {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A connection has been accepted; numbers are used again.
  void arrived(int64_t connection, time_point when);

  /// Takes the connections that are strangers now and returns those that have
  /// to go: who has been one for `defaults::introduction_timeout`, and the
  /// oldest where they are more than `room`.
  std::vector<int64_t> dismiss(std::span<const int64_t> now_strange,
                               time_point now, size_t room);

private:
  std::map<int64_t, time_point> since_;
};

} // namespace nnactor
