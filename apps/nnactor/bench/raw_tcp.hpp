#pragma once

#include "nnactor/error.hpp"

#include <cstdint>

namespace nnactor {

/// What a plain TCP connection between two processes over loopback does: the
/// ground that links are measured against.
struct raw_tcp_figures {
  double round_trip_us = 0; ///< Of 64 bytes and their echo.
  double gb_per_s = 0;      ///< Of writes of 1 MiB.
};

/// Forks a process that echoes, then swallows. Must be called before the
/// program has other threads.
result<raw_tcp_figures> measure_raw_tcp(uint64_t bulk_bytes);

} // namespace nnactor
