#include "bench.hpp"
#include "inner_cluster.hpp"
#include "residency_curve.hpp"
#include "six_layers.hpp"
#include "stopwatch.hpp"
#include "temporary_folder.hpp"

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

/// Time steps of a question: passes that follow each other without anybody
/// outside the devices.
constexpr uint32_t time_steps = 200;
constexpr uint32_t pipelined = 4; ///< Questions in flight.
constexpr auto time_a_case = std::chrono::milliseconds{400};
constexpr int rounds = 3; ///< Other work on the machine comes and goes.

/// A chain of layers whose last one feeds the first, one time step later.
result<network> make_ring(uint64_t width) {
  auto what = six_layers(width);
  auto last = what.layers.back().name;
  what.layers.front().inputs = {"input", last};
  what.layers.front().delays = {{last, 1}};
  return build_network(what, {1, 0, width, time_steps});
}

/// A ring in so many parts of equally many layers.
result<deployment> make_job(uint64_t width, uint32_t parts) {
  auto net = make_ring(width);
  if (!net)
    return net.error();
  distribution how;
  how.parts = parts;
  auto split = distribute(*net, how);
  if (!split)
    return split.error();
  deployment job;
  job.epoch = any_epoch();
  job.net = std::move(*net);
  job.parts = std::move(*split);
  job.graph = make_group_graph(job.net, job.parts);
  job.train.compute = precision::bfloat16;
  job.train.window = pipelined;
  job.model = "ring";
  return job;
}

tensor question() {
  tensor_builder<float> ones{{1, time_steps}};
  std::ranges::fill(ones.values(), 1.0f);
  return std::move(ones).share();
}

/// Microseconds a pass with so many questions in flight: the fastest.
template <class Ask>
result<double> pass_us(uint32_t in_flight, Ask ask) {
  auto questions = std::vector(in_flight, question());
  auto best = std::numeric_limits<double>::infinity();
  for (auto end = stopwatch::now() + time_a_case; stopwatch::now() < end;) {
    auto start = stopwatch::now();
    if (auto err = ask(questions))
      return err;
    best = std::min(best, seconds_since(start));
  }
  return best * 1e6 / (time_steps * in_flight);
}

/// One pass at a time, and several.
struct pass_times {
  double alone = std::numeric_limits<double>::infinity();
  double pipelined = std::numeric_limits<double>::infinity();

  template <class Ask>
  caf::error measure(Ask ask) {
    for (auto [in_flight, into] :
         {std::pair{uint32_t{1}, &alone}, {nnactor::pipelined, &pipelined}}) {
      auto us = pass_us(in_flight, ask);
      if (!us)
        return us.error();
      *into = std::min(*into, *us);
    }
    return caf::none;
  }
};

/// On so many cores of this process, a part each.
caf::error time_cores(uint64_t width, uint32_t cores, pass_times& into) {
  std::vector<uint32_t> cpus;
  for (uint32_t i = 0; i < cores; ++i)
    cpus.push_back(i);
  inner_cluster where{cpus};
  auto job = make_job(width, cores);
  if (!job)
    return job.error();
  if (auto placed = where.open(*job); !placed)
    return placed.error();
  return into.measure([&](auto& questions) { return where.ask(questions); });
}

/// On two processes, a part each; the driver is a third.
caf::error time_processes(uint64_t width, pass_times& into) {
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
  auto job = make_job(width, 2);
  if (!job)
    return job.error();
  if (auto placed = (*cluster)->open_inference(*job); !placed)
    return placed.error();
  return into.measure(
      [&](auto& questions) { return (*cluster)->infer_all(questions); });
}

/// What the caches allow: the weights of a core, read at the speed of the
/// memory that holds them, on each core in turn or at once.
struct limits {
  double one_core_us;
  double two_cores_us;
};

limits limits_of(uint64_t width) {
  auto bytes = 6 * width * width * sizeof(uint16_t);
  auto us = [](uint64_t read) {
    constexpr auto time = std::chrono::milliseconds{60};
    return static_cast<double>(read) / measure_read(read, time) * 1e6;
  };
  return {us(bytes), us(bytes / 2)};
}

/// Widths whose six layers take 0.5 to 64 MB.
constexpr uint64_t widths[] = {192, 256, 320,  384,  448,  512, 576,
                               640, 768, 1024, 1280, 1600, 2304};

/// One size: what was fastest in all rounds.
struct size_times {
  pass_times one, two;
  limits limit{std::numeric_limits<double>::infinity(),
               std::numeric_limits<double>::infinity()};

  caf::error measure(uint64_t width) {
    if (auto err = time_cores(width, 1, one))
      return err;
    if (auto err = time_cores(width, 2, two))
      return err;
    auto found = limits_of(width);
    limit.one_core_us = std::min(limit.one_core_us, found.one_core_us);
    limit.two_cores_us = std::min(limit.two_cores_us, found.two_cores_us);
    return caf::none;
  }

  residency_point point(uint64_t width) const {
    return {static_cast<double>(6 * width * width * 2) / 1e6,
            one.alone / two.alone, one.alone / two.pipelined,
            limit.one_core_us / limit.two_cores_us};
  }
};

/// Goes through all sizes again and again, so that none has a bad minute of the
/// machine to itself.
result<std::vector<residency_point>> measure_curve() {
  constexpr int rounds_a_curve = 6;
  std::array<size_times, std::size(widths)> sizes;
  for (int round = 0; round < rounds_a_curve; ++round)
    for (size_t i = 0; i < sizes.size(); ++i)
      if (auto err = sizes[i].measure(widths[i]))
        return err;
  std::vector<residency_point> out;
  for (size_t i = 0; i < sizes.size(); ++i)
    out.push_back(sizes[i].point(widths[i]));
  return out;
}

} // namespace

result<figures> run(const residency_bench& how) {
  if (!how.device.empty())
    return run_on_device(how);
  // The driver has no core of its own on a small machine.
  give_way();
  if (!how.csv.empty() || !how.svg.empty()) {
    auto curve = measure_curve();
    if (!curve)
      return curve.error();
    if (auto err = write_curve(*curve, how.csv, how.svg))
      return err;
  }
  pass_times one, two, processes;
  for (int i = 0; i < rounds; ++i) {
    if (auto err = time_cores(how.width, 1, one))
      return err;
    if (auto err = time_cores(how.width, 2, two))
      return err;
  }
  if (auto err = time_processes(how.width, processes))
    return err;
  auto limit = limits_of(how.width);
  return figures{
      {"one_core_us", one.alone, 1, "us a pass, all layers on one core"},
      {"one_core_pipelined_us", one.pipelined, 1,
       "us a pass, the same with four passes in flight"},
      {"two_cores_us", two.alone, 1, "us a pass, half of the layers on each"},
      {"two_cores_pipelined_us", two.pipelined, 1,
       "us a pass, the same with four passes in flight"},
      {"latency_gain", one.alone / two.alone, 2, "ratio, one pass at a time"},
      {"pipelined_gain", one.alone / two.pipelined, 2,
       "ratio, one pass at a time on one core over four in flight on two"},
      {"limit_gain", limit.one_core_us / limit.two_cores_us, 2,
       "ratio, by reading the weights alone"},
      {"two_processes_us", processes.alone, 1,
       "us a pass, the halves in two processes"},
      {"two_processes_pipelined_us", processes.pipelined, 1,
       "us a pass, the same with four passes in flight"},
  };
}

} // namespace nnactor
