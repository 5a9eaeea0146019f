#include "nnactor/cluster/link_probe.hpp"

#include "nnactor/defaults.hpp"

#include <algorithm>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;

constexpr int round_trips = 20;
constexpr size_t most_pieces = 256;
constexpr double least_seconds = 0.05;

/// Sends so many pieces at once and returns the seconds until all are answered.
result<double> exchange(caf::scoped_actor& self, const node_actor& node,
                        size_t pieces, const std::vector<char>& piece,
                        std::chrono::milliseconds patience) {
  using answer =
      decltype(self->request(node, patience, probe_atom::value, piece));
  auto start = clock::now();
  std::vector<answer> answers;
  for (size_t i = 0; i < pieces; ++i)
    answers.push_back(self->request(node, patience, probe_atom::value, piece));
  caf::error failed;
  for (auto& x : answers)
    x.receive([](uint64_t) {}, [&](caf::error& why) { failed = why; });
  if (failed)
    return failed;
  return std::chrono::duration<double>(clock::now() - start).count();
}

} // namespace

result<link_model> measure_link(caf::scoped_actor& self, const node_actor& node,
                                std::chrono::milliseconds patience) {
  std::vector<double> trips;
  for (int i = 0; i < round_trips; ++i) {
    auto seconds = exchange(self, node, 1, {}, patience);
    if (!seconds)
      return seconds.error();
    trips.push_back(*seconds);
  }
  auto trip = std::ranges::min(trips);
  std::vector<char> piece(defaults::piece_bytes);
  for (size_t pieces = 1;; pieces *= 4) {
    auto seconds = exchange(self, node, pieces, piece, patience);
    if (!seconds)
      return seconds.error();
    if (*seconds >= least_seconds || pieces >= most_pieces)
      return link_model{trip / 2,
                        static_cast<double>(pieces * piece.size())
                            / std::max(*seconds - trip, *seconds / 2),
                        collective::two_step};
  }
}

} // namespace nnactor
