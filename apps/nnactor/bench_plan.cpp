#include "bench.hpp"
#include "noise_job.hpp"
#include "stopwatch.hpp"
#include "timed_run.hpp"

#include "nnactor/defaults.hpp"
#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/engine/layer_profile.hpp"
#include "nnactor/machine/read_speed.hpp"
#include "nnactor/machine/topology.hpp"
#include "nnactor/neuron/random.hpp"
#include "nnactor/partition/plan_split.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

// Measured work is counted in operations of a device that does so many.
constexpr double flops = 1e9;

constexpr auto time_to_read = std::chrono::milliseconds{50};
constexpr size_t beyond_caches = 64 << 20;
constexpr double seconds_a_run = 0.6;

/// Where two devices are.
enum class layout : uint8_t { one_device, one_process, two_processes };

const char* to_string(layout where) {
  static constexpr const char* names[] = {"one device", "one process",
                                          "two processes"};
  return names[static_cast<size_t>(where)];
}

struct placed {
  layout where = layout::one_device;
  std::vector<stage_end> ends;
  double predicted = 0;
  double measured = std::numeric_limits<double>::infinity();
};

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

planned_cluster devices_here(uint64_t cache) {
  planned_cluster out;
  planned_device one;
  one.flops = flops;
  one.bandwidth = measure_read(beyond_caches, time_to_read);
  one.cache = static_cast<double>(cache);
  one.cache_bandwidth =
      std::max(one.bandwidth, measure_read(cache / 4096 * 4096, time_to_read));
  out.devices.assign(2, one);
  // Found by `calibrate`.
  out.inside = out.between = {0, 1e12, collective::two_step};
  return out;
}

planned_cluster on_servers(planned_cluster on, layout where) {
  on.servers = {0, where == layout::two_processes ? 1u : 0u};
  return on;
}

/// A network that can be placed, with what it takes.
struct drawn_job {
  prepared_job job;
  network_work work;
};

result<drawn_job> prepare_job(const noise_network& what, device& dev) {
  auto job = make_noise_job(what, 100);
  if (!job)
    return job.error();
  auto& train = job->how.run.train;
  drawn_job out{std::move(*job), {}};
  out.work = training_work(out.job.net, train);
  auto order =
      batch_order{out.job.data->size(split::train), train.batch, train.seed};
  auto batch = out.job.data->gather(split::train, order.batch(0));
  // What the runtime takes is found here.
  for (auto& x : out.work.job.layers)
    x.overhead = 0;
  measure_work(out.work, out.job.net, out.job.how.run.train, dev, flops,
               batch.inputs, batch.targets);
  return out;
}

std::optional<network_plan>
plan_of(const drawn_job& of, const planned_cluster& on, const placed& what) {
  return evaluate(of.work.job, on_servers(on, what.where), what.ends,
                  sharing::balanced);
}

/// Trains on a placement and keeps the time if it is the best so far: what else
/// runs on the machine makes times longer, never shorter.
caf::error measure(const drawn_job& of, const planned_cluster& on,
                   placed& what) {
  auto plan = plan_of(of, on, what);
  if (!plan)
    return fail(ec::internal, "the network does not fit this machine");
  auto job = of.job;
  job.parts = split_by_plan(job.net, of.work.layers, *plan).parts;
  job.graph = make_group_graph(job.net, job.parts);
  auto nodes = what.where == layout::two_processes ? 2u : 1u;
  job.how.cluster.devices = what.where == layout::one_process ? 2 : 1;
  auto& run = job.how.run;
  run.steps = static_cast<uint64_t>(
      std::clamp(seconds_a_run / plan->seconds(), 60.0, 5000.0));
  run.evaluate_every = run.train.schedule.steps = run.steps;
  auto time = time_nodes(std::move(job), nodes);
  if (!time)
    return time.error();
  what.measured = std::min(what.measured, 1 / time->steps_per_s);
  return caf::none;
}

/// Profiles again and keeps what was faster.
caf::error profile_again(drawn_job& of, const noise_network& what,
                         device& dev) {
  auto again = prepare_job(what, dev);
  if (!again)
    return again.error();
  auto seconds = [](const layer_work& x) {
    return x.flop / flops + x.overhead;
  };
  for (size_t i = 0; i < of.work.job.layers.size(); ++i) {
    auto& next = again->work.job.layers[i];
    if (seconds(next) < seconds(of.work.job.layers[i]))
      of.work.job.layers[i] = next;
  }
  return caf::none;
}

void add_overhead(drawn_job& of, double seconds) {
  for (auto& x : of.work.job.layers)
    x.overhead += seconds;
}

/// Predicts and measures placements of a network, all of them twice.
caf::error compare(const noise_network& what, const planned_cluster& on,
                   double overhead, device& dev, std::vector<placed>& all) {
  auto job = prepare_job(what, dev);
  if (!job)
    return job.error();
  for (int round = 0; round < 2; ++round) {
    for (auto& x : all)
      if (auto err = measure(*job, on, x))
        return err;
    if (auto err = profile_again(*job, what, dev))
      return err;
  }
  add_overhead(*job, overhead);
  for (auto& x : all)
    x.predicted = plan_of(*job, on, x)->seconds();
  return caf::none;
}

/// The x from `least` to `most` with which placements of a network, measured
/// twice, are predicted best; `set` puts x into the cluster.
template <class Set>
caf::error fit(const drawn_job& of, planned_cluster& on,
               std::vector<placed> known, double least, double most, Set set) {
  set(least);
  for (int round = 0; round < 2; ++round)
    for (auto& x : known)
      if (auto err = measure(of, on, x))
        return err;
  constexpr auto steps = 200;
  auto best = std::pair{std::numeric_limits<double>::infinity(), least};
  for (int i = 0; i <= steps; ++i) {
    auto x = least * std::pow(most / least, static_cast<double>(i) / steps);
    set(x);
    auto error = 0.0;
    for (auto& at : known)
      error +=
          std::pow(std::log(plan_of(of, on, at)->seconds() / at.measured), 2);
    best = std::min(best, {error, x});
  }
  set(best.second);
  return caf::none;
}

/// Finds what a message costs from a network that computes next to nothing, and
/// a byte from one that sends much.
caf::error calibrate(planned_cluster& on, double& overhead, device& dev) {
  auto tiny = prepare_job({{16, 16, 16, 16}, 128, 8}, dev);
  if (!tiny)
    return tiny.error();
  auto wide = prepare_job({{768, 64, 512}, 512, 4}, dev);
  if (!wide)
    return wide.error();
  auto alone = placed{layout::one_device, {{5, 1}}};
  if (auto err = measure(*tiny, on, alone))
    return err;
  auto computing = plan_of(*tiny, on, alone)->seconds();
  overhead = std::max(0.0, alone.measured - computing)
             / (5 * tiny->work.job.micro_batches);
  for (auto* job : {&*tiny, &*wide})
    add_overhead(*job, overhead);
  const std::vector<stage_end> shared_tiny{{5, 2}}, cut_tiny{{2, 1}, {5, 2}};
  const std::vector<stage_end> shared_wide{{4, 2}}, cut_wide{{1, 1}, {4, 2}};
  auto latency_of = [](link_model& of) {
    return [&of](double seconds) { of.latency = seconds; };
  };
  auto bandwidth_of = [](link_model& of) {
    return [&of](double bytes_per_s) { of.bandwidth = bytes_per_s; };
  };
  using enum layout;
  if (auto err = fit(*tiny, on, {{one_process, shared_tiny}}, 1e-7, 1e-3,
                     latency_of(on.inside)))
    return err;
  if (auto err =
          fit(*wide, on, {{one_process, shared_wide}, {one_process, cut_wide}},
              1e8, 1e11, bandwidth_of(on.inside)))
    return err;
  if (auto err = fit(*tiny, on, {{two_processes, cut_tiny}}, 1e-7, 1e-3,
                     latency_of(on.between)))
    return err;
  if (auto err = fit(*wide, on, {{two_processes, cut_wide}}, 1e8, 1e11,
                     bandwidth_of(on.between)))
    return err;
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
  drawing draw{how.seed};
  auto machine = look_at_machine();
  auto cache = defaults::cache_bytes;
  if (machine && !machine->cores.empty() && machine->cores[0].l2 > 0)
    cache = machine->cores[0].l2 * 8 / 10;
  auto on = devices_here(cache);
  auto dev = make_cpu_device();
  std::vector<double> errors;
  std::vector<double> regrets;
  auto overhead = 0.0;
  if (auto err = calibrate(on, overhead, *dev))
    return err;
  for (uint32_t i = 0; i < how.networks; ++i) {
    auto network = draw.network();
    auto all = draw.placements(network.widths.size() + 1);
    if (auto err = compare(network, on, overhead, *dev, all))
      return err;
    for (auto& x : all) {
      errors.push_back(std::abs(x.predicted / x.measured - 1));
      if (how.list)
        fmt::print("{}\n", line_of(network, x));
    }
    auto chosen = std::ranges::min(all, {}, &placed::predicted).measured;
    auto best = std::ranges::min(all, {}, &placed::measured).measured;
    regrets.push_back(chosen / best - 1);
  }
  std::ranges::sort(errors);
  std::ranges::sort(regrets);
  return figures{
      {"message_us", overhead * 1e6, 1,
       "us of a layer and micro-batch that the runtime takes"},
      {"exchange_us", on.inside.latency * 1e6, 1,
       "us of an exchange between devices of a process"},
      {"exchange_gb_s", on.inside.bandwidth / 1e9, 2, "GB/s of it"},
      {"link_us", on.between.latency * 1e6, 1,
       "us of a tensor between processes"},
      {"link_gb_s", on.between.bandwidth / 1e9, 2, "GB/s of it"},
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
