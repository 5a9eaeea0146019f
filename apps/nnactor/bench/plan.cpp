#include "bench/bench.hpp"
#include "bench/placement_trial.hpp"
#include "bench/stopwatch.hpp"
#include "terminal/output.hpp"

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/neuron/random.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

class drawing {
public:
  explicit drawing(uint64_t seed) : random_(seed, 0) {
  }

  uint64_t from(uint64_t low, uint64_t high) {
    return low + random_.bits(drawn_++) % (high - low + 1);
  }

  noise_network network() {
    static constexpr uint64_t widths[] = {64, 128, 256, 384, 512, 768, 1024};
    noise_network out;
    for (auto n = from(2, 6); n > 0; --n)
      out.widths.push_back(widths[from(0, std::size(widths) - 1)]);
    out.batch = static_cast<uint32_t>(128 << from(0, 2));
    out.micro_batches = 1u << from(0, 3);
    return out;
  }

  /// One device, then two that share a stage, are two stages in one process, or
  /// in two.
  std::vector<placed> placements(uint64_t layers) {
    auto cut = [&] { return stage_end{from(1, layers - 1), 1}; };
    return {{layout::one_device, {{layers, 1}}},
            {layout::one_process, {{layers, 2}}},
            {layout::one_process, {cut(), {layers, 2}}},
            {layout::two_processes, {cut(), {layers, 2}}}};
  }

private:
  counter_random random_;
  uint64_t drawn_ = 0;
};

std::string line_of(const noise_network& of, const placed& what) {
  return fmt::format("{:24} batch {:3} in {} {:13} {:9} {:8.0f} us, measured "
                     "{:8.0f} us {:+4.0f} %",
                     fmt::format("{}", fmt::join(of.widths, " ")), of.batch,
                     of.micro_batches, to_string(what.where),
                     what.ends.size() == 1
                         ? std::string{"one stage"}
                         : fmt::format("{} | rest", what.ends[0].layer),
                     what.predicted * 1e6, what.measured * 1e6,
                     100 * (what.predicted / what.measured - 1));
}

result<std::vector<placement_trial>> draw_trials(const plan_bench& how) {
  drawing draw{how.seed};
  std::vector<placement_trial> out;
  for (uint32_t i = 0; i < how.networks; ++i) {
    auto network = draw.network();
    auto places = draw.placements(network.widths.size() + 1);
    auto next = placement_trial::make(network, std::move(places));
    if (!next)
      return next.error();
    out.push_back(std::move(*next));
  }
  return out;
}

/// Goes through all of them again and again, so that none has a bad minute of
/// the machine to itself.
caf::error measure(cost_trials& known, std::vector<placement_trial>& drawn) {
  constexpr int rounds = 3;
  auto dev = make_cpu_device();
  std::vector<placement_trial*> all{&known.tiny, &known.wide};
  for (auto& x : drawn)
    all.push_back(&x);
  for (int round = 1; round <= rounds; ++round) {
    warn(fmt::format("round {} of {}: {} networks, ten seconds each", round,
                     rounds, all.size()));
    for (auto* x : all)
      if (auto err = x->measure(*dev))
        return err;
  }
  return caf::none;
}

/// Seconds to plan 100,000 layers of all sizes on 10,000 devices of three
/// kinds.
double time_large_plan(uint64_t seed) {
  counter_random random{seed, 1};
  planned_job job;
  for (uint64_t i = 0; i < 100'000; ++i) {
    auto bytes = 1e5 + 4e6 * random.uniform(2 * i);
    auto flop = bytes * std::pow(100, random.uniform(2 * i + 1));
    job.layers.push_back({flop, 3 * bytes, bytes, 4 * bytes, 5e4, 5e4});
  }
  job.micro_batches = 16;
  job.exchanges = 2;
  planned_cluster on;
  on.inside = {2e-6, 10e9, collective::ring};
  on.between = {20e-6, 1e9, collective::ring};
  for (uint32_t i = 0; i < 10'000; ++i) {
    auto speed = std::pow(2, static_cast<double>(random.bits(i) % 3));
    on.devices.push_back({25e9 * speed, 5e9 * speed, 30e9 * speed, 2e6, 0});
    on.servers.push_back(i / 8);
  }
  auto begin = stopwatch::now();
  plan_optimal(job, on);
  return seconds_since(begin);
}

} // namespace

result<figures> run(const plan_bench& how) {
  auto known = cost_trials::make();
  if (!known)
    return known.error();
  auto drawn = draw_trials(how);
  if (!drawn)
    return drawn.error();
  if (auto err = measure(*known, *drawn))
    return err;
  auto costs = known->costs();
  std::vector<double> errors, regrets;
  for (auto& of : *drawn) {
    for (auto& x : of.places()) {
      x.predicted = of.predict(costs, x);
      errors.push_back(std::abs(x.predicted / x.measured - 1));
      if (how.list)
        warn(line_of(of.network(), x));
    }
    auto chosen = std::ranges::min(of.places(), {}, &placed::predicted);
    auto best = std::ranges::min(of.places(), {}, &placed::measured);
    regrets.push_back(chosen.measured / best.measured - 1);
  }
  std::ranges::sort(errors);
  std::ranges::sort(regrets);
  return figures{
      {"message_us", costs.overhead * 1e6, 1,
       "us of a layer and micro-batch that the runtime takes"},
      {"exchange_us", costs.inside.latency * 1e6, 1,
       "us of an exchange between devices of a process"},
      {"exchange_gb_s", costs.inside.bandwidth / 1e9, 2, "GB/s of it"},
      {"link_us", costs.between.latency * 1e6, 1,
       "us of a tensor between processes"},
      {"link_gb_s", costs.between.bandwidth / 1e9, 2, "GB/s of it"},
      {"large_plan_s", time_large_plan(how.seed), 2,
       "s to plan 100,000 layers on 10,000 devices"},
      {"placements", static_cast<double>(errors.size()), 0,
       "predicted and measured"},
      {"median_error", errors[errors.size() / 2], 3, "of the measured time"},
      {"p95_error", errors[errors.size() * 95 / 100], 3, "95 % are nearer"},
      {"median_regret", regrets[regrets.size() / 2], 3,
       "chosen over best measured, less 1"},
      {"worst_regret", regrets.back(), 3, "the same, at worst"},
  };
}

} // namespace nnactor
