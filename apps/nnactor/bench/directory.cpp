#include "bench/bench.hpp"
#include "bench/stopwatch.hpp"

#include "nnactor/neuron/neuron_directory.hpp"
#include "nnactor/neuron/random.hpp"

#include <chrono>
#include <limits>

namespace nnactor {

namespace {

constexpr size_t samples = 1 << 20;
constexpr uint64_t key = 1;

/// The best of some runs, in ns a sample: what else the machine does is noise.
template <class F>
double best_time(F f) {
  auto best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 5; ++i) {
    auto start = stopwatch::now();
    f();
    auto time =
        std::chrono::duration<double, std::nano>(stopwatch::now() - start);
    best = std::min(best, time.count() / samples);
  }
  return best;
}

std::vector<uint64_t> even_shares(uint64_t neurons, uint64_t servers) {
  std::vector<uint64_t> out(servers, neurons / servers);
  for (uint64_t i = 0; i < neurons % servers; ++i)
    ++out[i];
  return out;
}

/// Samples whose owner, slot and way back agree, singly and in a batch.
size_t agreeing(const neuron_directory& all, const std::vector<neuron_id>& ids,
                const std::vector<server_index>& owners) {
  size_t out = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    auto place = all.place_of(ids[i]);
    out += place.server == owners[i] && all.owner(ids[i]) == owners[i]
           && all.neuron_at(place) == ids[i];
  }
  return out;
}

} // namespace

result<figures> run(const directory_bench& how) {
  if (how.servers > how.neurons)
    return fail(ec::invalid_argument,
                "{} servers are more than {} neurons; give each at least one",
                how.servers, how.neurons);
  auto start = stopwatch::now();
  neuron_directory all{even_shares(how.neurons, how.servers), key};
  auto build =
      std::chrono::duration<double, std::milli>(stopwatch::now() - start)
          .count();
  std::vector<neuron_id> ids(samples);
  counter_random random{2, 0};
  for (size_t i = 0; i < samples; ++i)
    ids[i] = random.bits(i) % how.neurons;
  uint64_t sum = 0;
  auto single = best_time([&] {
    for (auto id : ids)
      // Each look-up waits for the one before, as one that is alone would.
      sum += all.owner(id ^ (sum >> 63));
  });
  // Without a use, the compiler would leave the loop out.
  [[maybe_unused]] volatile auto used = sum;
  std::vector<server_index> owners(samples);
  auto batched = best_time([&] { all.owners(ids, owners); });
  auto before = agreeing(all, ids, owners);
  auto moved = all.move({how.neurons / 3, how.neurons / 3 + 1000}, 0);
  all.owners(ids, owners);
  auto after = agreeing(all, ids, owners);
  static_cast<void>(moved);
  return figures{
      {"neurons", static_cast<double>(how.neurons), 0, "neurons"},
      {"servers", static_cast<double>(how.servers), 0, "servers"},
      {"bytes_per_server", static_cast<double>(all.bytes()), 0,
       "bytes that every server holds"},
      {"lookup_ns", single, 1, "ns to find the owner of a neuron"},
      {"batched_lookup_ns", batched, 1, "ns each, many at a time"},
      {"move_bytes", neuron_move::wire_bytes, 0,
       "bytes that tell others of a move"},
      {"build_ms", build, 2, "ms to build the directory"},
      {"agreeing",
       static_cast<double>(before + after) / static_cast<double>(2 * samples),
       3, "of samples: owner, slot and way back, also after a move"},
  };
}

} // namespace nnactor
