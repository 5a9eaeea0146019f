#include "placement_trial.hpp"

#include "timed_run.hpp"

#include "nnactor/partition/plan_split.hpp"
#include "nnactor/run/planned_nodes.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

// Measured work is counted in operations of a device that does so many.
constexpr double flops = 1e9;

constexpr double seconds_a_run = 0.6;

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

/// A network that can be placed, with what it takes.
struct drawn_job {
  prepared_job job;
  network_work work;
};

result<drawn_job> prepare_job(const noise_network& what, device& dev) {
  auto job = make_noise_job(what, 100);
  if (!job)
    return job.error();
  drawn_job out{std::move(*job), {}};
  out.work = training_work(out.job.net, out.job.how.run.train);
  // What the runtime takes is found here.
  for (auto& x : out.work.job.layers)
    x.overhead = 0;
  measure_work(out.work, out.job, dev, flops);
  return out;
}

std::optional<network_plan>
plan_of(const drawn_job& of, const message_costs& costs, const placed& what) {
  return evaluate(of.work.job, devices_of(costs, what.where), what.ends,
                  sharing::balanced);
}

/// Trains on a placement and keeps the time if it is the best so far: what else
/// runs on the machine makes times longer, never shorter.
caf::error measure(const drawn_job& of, const message_costs& costs,
                   placed& what) {
  auto plan = plan_of(of, costs, what);
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

/// Sets `cost`, a part of `costs`, to the value from `least` to `most` with
/// which placements of a network, measured twice, are predicted best.
caf::error fit(const drawn_job& of, message_costs& costs,
               std::vector<placed> known, double least, double most,
               double& cost) {
  cost = least;
  for (int round = 0; round < 2; ++round)
    for (auto& x : known)
      if (auto err = measure(of, costs, x))
        return err;
  constexpr auto steps = 200;
  auto best = std::pair{std::numeric_limits<double>::infinity(), least};
  for (int i = 0; i <= steps; ++i) {
    cost = least * std::pow(most / least, static_cast<double>(i) / steps);
    auto error = 0.0;
    for (auto& at : known)
      error += std::pow(
          std::log(plan_of(of, costs, at)->seconds() / at.measured), 2);
    best = std::min(best, {error, cost});
  }
  cost = best.second;
  return caf::none;
}

/// What the runtime takes for each layer on one device.
caf::error find_overhead(const drawn_job& tiny, message_costs& costs) {
  auto layers = tiny.work.layers.size();
  auto alone = placed{layout::one_device, {{layers, 1}}};
  if (auto err = measure(tiny, costs, alone))
    return err;
  auto computing = plan_of(tiny, costs, alone)->seconds();
  costs.overhead = std::max(0.0, alone.measured - computing)
                   / static_cast<double>(layers * tiny.work.job.micro_batches);
  return caf::none;
}

} // namespace

const char* to_string(layout where) {
  static constexpr const char* names[] = {"one device", "one process",
                                          "two processes"};
  return names[static_cast<size_t>(where)];
}

result<message_costs> find_message_costs(device& dev) {
  message_costs out;
  out.inside = out.between = {0, 1e12, collective::two_step};
  auto tiny = prepare_job({{16, 16, 16, 16}, 128, 8}, dev);
  if (!tiny)
    return tiny.error();
  auto wide = prepare_job({{768, 64, 512}, 512, 4}, dev);
  if (!wide)
    return wide.error();
  if (auto err = find_overhead(*tiny, out))
    return err;
  for (auto* job : {&*tiny, &*wide})
    add_overhead(*job, out.overhead);
  using enum layout;
  placed shared_tiny{one_process, {{5, 2}}};
  placed far_tiny{two_processes, {{2, 1}, {5, 2}}};
  placed shared_wide{one_process, {{4, 2}}};
  placed cut_wide{one_process, {{1, 1}, {4, 2}}};
  placed far_wide{two_processes, {{1, 1}, {4, 2}}};
  constexpr double soonest = 1e-7, latest = 1e-3; // Seconds.
  constexpr double slowest = 1e8, fastest = 1e11; // Bytes a second.
  if (auto err =
          fit(*tiny, out, {shared_tiny}, soonest, latest, out.inside.latency))
    return err;
  if (auto err = fit(*wide, out, {shared_wide, cut_wide}, slowest, fastest,
                     out.inside.bandwidth))
    return err;
  if (auto err =
          fit(*tiny, out, {far_tiny}, soonest, latest, out.between.latency))
    return err;
  if (auto err =
          fit(*wide, out, {far_wide}, slowest, fastest, out.between.bandwidth))
    return err;
  return out;
}

caf::error compare(const noise_network& what, const message_costs& costs,
                   device& dev, std::vector<placed>& all) {
  auto job = prepare_job(what, dev);
  if (!job)
    return job.error();
  for (int round = 0; round < 2; ++round) {
    for (auto& x : all)
      if (auto err = measure(*job, costs, x))
        return err;
    if (auto err = profile_again(*job, what, dev))
      return err;
  }
  add_overhead(*job, costs.overhead);
  for (auto& x : all)
    x.predicted = plan_of(*job, costs, x)->seconds();
  return caf::none;
}

} // namespace nnactor
