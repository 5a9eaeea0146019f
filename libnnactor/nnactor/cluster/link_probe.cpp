#include "nnactor/cluster/link_probe.hpp"

#include "nnactor/defaults.hpp"

#include <algorithm>
#include <limits>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;

constexpr int round_trips = 20;
constexpr int rounds = 3;
constexpr uint64_t most_bytes = 32 << 20;
constexpr double least_seconds = 0.05;

/// Sends so many bytes and returns the seconds until the last are answered.
result<double> exchange(caf::scoped_actor& self, const node_actor& node,
                        uint64_t bytes, std::chrono::milliseconds patience) {
  tensor_piece piece;
  piece.bytes = shared_bytes{
      byte_buffer{std::min<uint64_t>(bytes, defaults::piece_bytes)}};
  auto start = clock::now();
  for (; bytes > defaults::piece_bytes; bytes -= defaults::piece_bytes)
    self->send(node, probe_atom::value, piece);
  caf::error failed;
  self->request(node, patience, probe_atom::value, piece)
      .receive([](uint64_t) {}, [&](caf::error& why) { failed = why; });
  if (failed)
    return failed;
  return std::chrono::duration<double>(clock::now() - start).count();
}

/// Of so many exchanges.
result<double> fastest(int count, caf::scoped_actor& self,
                       const node_actor& node, uint64_t bytes,
                       std::chrono::milliseconds patience) {
  auto best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < count; ++i) {
    auto seconds = exchange(self, node, bytes, patience);
    if (!seconds)
      return seconds;
    best = std::min(best, *seconds);
  }
  return best;
}

} // namespace

result<link_model> measure_link(caf::scoped_actor& self, const node_actor& node,
                                std::chrono::milliseconds patience) {
  auto trip = fastest(round_trips, self, node, 0, patience);
  if (!trip)
    return trip.error();
  for (auto bytes = uint64_t{defaults::piece_bytes};; bytes *= 4) {
    auto seconds = exchange(self, node, bytes, patience);
    if (seconds && *seconds < least_seconds && bytes < most_bytes)
      continue;
    // Worth another look where it takes no time.
    if (seconds && *seconds < 4 * least_seconds)
      seconds = fastest(rounds, self, node, bytes, patience);
    if (!seconds)
      return seconds.error();
    return link_model{*trip / 2,
                      static_cast<double>(bytes)
                          / std::max(*seconds - *trip, *seconds / 2),
                      collective::two_step};
  }
}

} // namespace nnactor
