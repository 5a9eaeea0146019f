#include "bench/placement_trial.hpp"

#include "bench/timed_run.hpp"

#include "nnactor/partition/plan_split.hpp"
#include "nnactor/run/planned_nodes.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

// Measured work is counted in operations of a device that does so many.
constexpr double flops = 1e9;

constexpr double seconds_a_run = 0.4;

// About what is found, for what must be known before it is.
constexpr message_costs usual_costs{15e-6,
                                    {15e-6, 2e9, collective::two_step},
                                    {80e-6, 1e9, collective::two_step}};

/// The two devices of a layout; only what was measured on one of them counts.
planned_cluster devices_of(const message_costs& costs, layout where) {
  constexpr auto unlimited = 1e18;
  planned_cluster out;
  out.devices.assign(2, {flops, unlimited, unlimited, unlimited, 0});
  out.servers = {0, where == layout::two_processes ? 1u : 0u};
  out.inside = costs.inside;
  out.between = costs.between;
  return out;
}

/// Sets `cost`, a part of `costs`, to the value from `least` to `most` with
/// which placements of a network are predicted best.
void fit(const placement_trial& of, message_costs& costs,
         std::initializer_list<size_t> places, double least, double most,
         double& cost) {
  constexpr auto steps = 200;
  auto best = std::pair{std::numeric_limits<double>::infinity(), least};
  for (int i = 0; i <= steps; ++i) {
    cost = least * std::pow(most / least, static_cast<double>(i) / steps);
    auto error = 0.0;
    for (auto place : places) {
      const auto& x = of.places()[place];
      error += std::pow(std::log(of.predict(costs, x) / x.measured), 2);
    }
    best = std::min(best, {error, cost});
  }
  cost = best.second;
}

} // namespace

const char* to_string(layout where) {
  static constexpr const char* names[] = {"one device", "one process",
                                          "two processes"};
  return names[static_cast<size_t>(where)];
}

placement_trial::placement_trial(const noise_network& what,
                                 std::vector<placed> places, prepared_job job)
    : what_(what), places_(std::move(places)), job_(std::move(job)),
      work_(training_work(job_.net, job_.how.run.train)) {
  // Nothing is known yet.
  for (auto& x : work_.job.layers)
    x.overhead = std::numeric_limits<double>::infinity();
}

result<placement_trial> placement_trial::make(const noise_network& what,
                                              std::vector<placed> places) {
  auto job = make_noise_job(what, 100);
  if (!job)
    return job.error();
  return placement_trial{what, std::move(places), std::move(*job)};
}

void placement_trial::profile(device& dev) {
  auto found = training_work(job_.net, job_.how.run.train);
  // What the runtime takes is found from other networks.
  for (auto& x : found.job.layers)
    x.overhead = 0;
  measure_work(found, job_, dev, flops);
  auto seconds = [](const layer_work& x) {
    return x.flop / flops + x.overhead;
  };
  for (size_t i = 0; i < found.job.layers.size(); ++i)
    if (seconds(found.job.layers[i]) < seconds(work_.job.layers[i]))
      work_.job.layers[i] = found.job.layers[i];
}

network_plan placement_trial::plan(const message_costs& costs,
                                   const placed& on) const {
  auto job = work_.job;
  for (auto& x : job.layers)
    x.overhead += costs.overhead;
  // There is a plan: the memory of these devices has no end.
  return *evaluate(job, devices_of(costs, on.where), on.ends,
                   sharing::balanced);
}

double placement_trial::predict(const message_costs& costs,
                                const placed& on) const {
  return plan(costs, on).seconds();
}

caf::error placement_trial::time(placed& on) const {
  auto as_planned = plan(usual_costs, on);
  auto job = job_;
  job.parts = split_by_plan(job.net, work_.layers, as_planned).parts;
  job.graph = make_group_graph(job.net, job.parts);
  auto nodes = on.where == layout::two_processes ? 2u : 1u;
  job.how.cluster.devices = on.where == layout::one_process ? 2 : 1;
  auto& run = job.how.run;
  run.steps = static_cast<uint64_t>(
      std::clamp(seconds_a_run / as_planned.seconds(), 50.0, 5000.0));
  run.evaluate_every = run.train.schedule.steps = run.steps;
  auto found = time_nodes(std::move(job), nodes);
  if (!found)
    return found.error();
  on.measured = std::min(on.measured, 1 / found->steps_per_s);
  return caf::none;
}

caf::error placement_trial::measure(device& dev) {
  profile(dev);
  for (auto& x : places_)
    if (auto err = time(x))
      return err;
  return caf::none;
}

result<cost_trials> cost_trials::make() {
  using enum layout;
  auto tiny = placement_trial::make({{16, 16, 16, 16}, 128, 8},
                                    {{one_device, {{5, 1}}},
                                     {one_process, {{5, 2}}},
                                     {two_processes, {{2, 1}, {5, 2}}}});
  if (!tiny)
    return tiny.error();
  auto wide = placement_trial::make({{768, 64, 512}, 512, 4},
                                    {{one_process, {{4, 2}}},
                                     {one_process, {{1, 1}, {4, 2}}},
                                     {two_processes, {{1, 1}, {4, 2}}}});
  if (!wide)
    return wide.error();
  return cost_trials{std::move(*tiny), std::move(*wide)};
}

message_costs cost_trials::costs() const {
  constexpr double soonest = 1e-7, latest = 1e-3; // Seconds.
  constexpr double slowest = 1e8, fastest = 1e11; // Bytes a second.
  message_costs out = usual_costs;
  out.inside.bandwidth = out.between.bandwidth = fastest;
  fit(tiny, out, {0}, soonest, latest, out.overhead);
  fit(tiny, out, {1}, soonest, latest, out.inside.latency);
  fit(wide, out, {0, 1}, slowest, fastest, out.inside.bandwidth);
  fit(tiny, out, {2}, soonest, latest, out.between.latency);
  fit(wide, out, {2}, slowest, fastest, out.between.bandwidth);
  return out;
}

} // namespace nnactor
