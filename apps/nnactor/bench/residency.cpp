#include "bench/bench.hpp"
#include "bench/inner_cluster.hpp"
#include "bench/residency_curve.hpp"
#include "bench/stopwatch.hpp"
#include "bench/temporary_folder.hpp"
#include "terminal/output_file.hpp"

#include "nnactor/machine/pin.hpp"
#include "nnactor/machine/read_speed.hpp"
#include "nnactor/run/controller.hpp"
#include "nnactor/run/job.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

namespace nnactor {

namespace {

constexpr auto time_a_case = std::chrono::milliseconds{400};
constexpr int rounds = 3; ///< Other work on the machine comes and goes.

/// A ring of layers, of which every time step is a pass: passes follow each
/// other without anybody outside the devices.
struct ring {
  experiment how;

  void widen(uint64_t width) {
    how.data.classes = static_cast<uint32_t>(width);
    for (auto& x : how.network.layers)
      x.units = width;
  }

  result<prepared_job> split(uint32_t parts) const {
    auto out = how;
    out.distribute.parts = parts;
    return prepare(std::move(out));
  }

  /// Of all weights.
  result<uint64_t> bytes() const {
    auto job = split(1);
    if (!job)
      return job.error();
    auto each = how.run.train.compute == precision::bfloat16 ? 2u : 4u;
    return job->net.parameter_count() * each;
  }
};

/// What is deployed to ask it, with the parameters it begins with.
deployment deployed(const prepared_job& job) {
  auto out = make_training(job, any_epoch(), {});
  out.store_epoch = 0; // There is no store.
  return out;
}

/// Microseconds a pass with so many questions in flight: the fastest.
template <class Ask>
result<double> pass_us(const prepared_job& job, uint32_t in_flight, Ask ask) {
  auto questions =
      std::vector(in_flight, job.data->gather(split::train, {0}).inputs);
  auto best = std::numeric_limits<double>::infinity();
  for (auto end = stopwatch::now() + time_a_case; stopwatch::now() < end;) {
    auto start = stopwatch::now();
    if (auto err = ask(questions))
      return err;
    best = std::min(best, seconds_since(start));
  }
  return best * 1e6 / (job.net.time_steps * in_flight);
}

/// One pass at a time, and several.
struct pass_times {
  double alone = std::numeric_limits<double>::infinity();
  double pipelined = std::numeric_limits<double>::infinity();

  template <class Ask>
  caf::error measure(const prepared_job& job, Ask ask) {
    for (auto [in_flight, into] : {std::pair{uint32_t{1}, &alone},
                                   {job.how.run.train.window, &pipelined}}) {
      auto us = pass_us(job, in_flight, ask);
      if (!us)
        return us.error();
      *into = std::min(*into, *us);
    }
    return caf::none;
  }
};

/// On so many cores of this process, a part each.
caf::error time_cores(const ring& of, uint32_t cores, pass_times& into) {
  std::vector<uint32_t> cpus;
  for (uint32_t i = 0; i < cores; ++i)
    cpus.push_back(i);
  inner_cluster where{cpus};
  auto job = of.split(cores);
  if (!job)
    return job.error();
  if (auto placed = where.open(deployed(*job)); !placed)
    return placed.error();
  return into.measure(*job,
                      [&](auto& questions) { return where.ask(questions); });
}

/// On two processes, a part each; the driver is a third.
caf::error time_processes(const ring& of, pass_times& into) {
  temporary_folder folder;
  controller_settings how;
  how.cluster.nodes = 2;
  how.model = folder.file("model");
  how.state = folder.file("nodes");
  how.pin = true;
  auto cluster = controller::make(std::move(how));
  if (!cluster)
    return cluster.error();
  if (auto joined = (*cluster)->join(); !joined)
    return joined.error();
  auto job = of.split(2);
  if (!job)
    return job.error();
  if (auto placed = (*cluster)->open_inference(deployed(*job)); !placed)
    return placed.error();
  return into.measure(
      *job, [&](auto& questions) { return (*cluster)->infer_all(questions); });
}

/// What the caches allow: the weights of a core, read at the speed of the
/// memory that holds them, on each core in turn or at once.
struct limits {
  double one_core_us;
  double two_cores_us;
};

limits limits_of(uint64_t bytes) {
  auto us = [](uint64_t read) {
    constexpr auto time = std::chrono::milliseconds{60};
    return static_cast<double>(read) / measure_read(read, time) * 1e6;
  };
  return {us(bytes), us(bytes / 2)};
}

/// Widths whose six layers take 0.4 to 64 MB.
constexpr uint64_t widths[] = {192, 256, 320,  384,  448,  512, 576,
                               640, 768, 1024, 1280, 1600, 2304};

/// One size: what was fastest in all rounds.
struct size_times {
  double megabytes = 0;
  pass_times one, two;
  limits limit{std::numeric_limits<double>::infinity(),
               std::numeric_limits<double>::infinity()};

  caf::error measure(const ring& of) {
    if (auto err = time_cores(of, 1, one))
      return err;
    if (auto err = time_cores(of, 2, two))
      return err;
    auto bytes = of.bytes();
    if (!bytes)
      return bytes.error();
    megabytes = static_cast<double>(*bytes) / 1e6;
    auto found = limits_of(*bytes);
    limit.one_core_us = std::min(limit.one_core_us, found.one_core_us);
    limit.two_cores_us = std::min(limit.two_cores_us, found.two_cores_us);
    return caf::none;
  }

  residency_point point() const {
    return {megabytes, one.alone / two.alone, one.alone / two.pipelined,
            limit.one_core_us / limit.two_cores_us};
  }
};

/// Goes through all sizes again and again, so that none has a bad minute of the
/// machine to itself.
result<std::vector<residency_point>> measure_curve(ring of) {
  constexpr int rounds_a_curve = 6;
  std::array<size_times, std::size(widths)> sizes;
  for (int round = 0; round < rounds_a_curve; ++round)
    for (size_t i = 0; i < sizes.size(); ++i) {
      of.widen(widths[i]);
      if (auto err = sizes[i].measure(of))
        return err;
    }
  std::vector<residency_point> out;
  for (auto& x : sizes)
    out.push_back(x.point());
  return out;
}

} // namespace

result<figures> run(const residency_bench& how) {
  if (!how.device.empty())
    return run_on_device(how);
  // Before what takes minutes.
  for (auto* path : {&how.csv, &how.svg})
    if (auto err = check_output(*path, how.overwrite))
      return err;
  // The driver has no core of its own on a small machine.
  give_way();
  auto config = read_experiment(how.config, {});
  if (!config)
    return config.error();
  ring of{std::move(*config)};
  if (how.width > 0)
    of.widen(how.width);
  if (!how.csv.empty() || !how.svg.empty()) {
    auto curve = measure_curve(of);
    if (!curve)
      return curve.error();
    if (auto err = write_curve(*curve, how.csv, how.svg, how.overwrite))
      return err;
  }
  size_times best;
  pass_times processes;
  for (int i = 0; i < rounds; ++i)
    if (auto err = best.measure(of))
      return err;
  if (auto err = time_processes(of, processes))
    return err;
  auto& [megabytes, one, two, limit] = best;
  return figures{
      {"weights_mb", megabytes, 1, "MB of weights"},
      {"one_core_us", one.alone, 1, "us a pass, all layers on one core"},
      {"one_core_pipelined_us", one.pipelined, 1,
       "us a pass, the same with several in flight"},
      {"two_cores_us", two.alone, 1, "us a pass, half of the layers on each"},
      {"two_cores_pipelined_us", two.pipelined, 1,
       "us a pass, the same with several in flight"},
      {"latency_gain", one.alone / two.alone, 2, "ratio, one pass at a time"},
      {"pipelined_gain", one.alone / two.pipelined, 2,
       "ratio, one pass at a time on one core over several in flight on two"},
      {"limit_gain", limit.one_core_us / limit.two_cores_us, 2,
       "ratio, by reading the weights alone"},
      {"two_processes_us", processes.alone, 1,
       "us a pass, the halves in two processes"},
      {"two_processes_pipelined_us", processes.pipelined, 1,
       "us a pass, the same with several in flight"},
  };
}

} // namespace nnactor
