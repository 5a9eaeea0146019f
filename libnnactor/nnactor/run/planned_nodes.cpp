#include "nnactor/run/planned_nodes.hpp"

#include "nnactor/engine/layer_profile.hpp"
#include "nnactor/run/memory_check.hpp"

#include <algorithm>

namespace nnactor {

namespace {

// What `nnactor bench plan` finds between two cores of a machine: an exchange
// of tensors with all that comes with it, for the other core reads them from
// the cache of the first and puts them beside its own.
constexpr link_model within_machine{15e-6, 2e9, collective::two_step};

// TCP, as it finds between two processes of a machine and as a switch of
// 10 Gbit/s allows.
constexpr link_model between_machines{80e-6, 1.1e9, collective::two_step};

// Where nothing was measured, nothing but products counts.
constexpr double unlimited = 1e18;

/// Both at their worst; what was not measured is not slow.
link_model slower(link_model x, const link_model& y) {
  x.latency = std::max(x.latency, y.latency);
  if (y.bandwidth > 0)
    x.bandwidth = std::min(x.bandwidth, y.bandwidth);
  return x;
}

double rate_or_unlimited(uint64_t mb_s) {
  return mb_s > 0 ? static_cast<double>(mb_s) * 1e6 : unlimited;
}

} // namespace

namespace {

/// Of one device, operations a second.
double flops_of(const node_info& info, precision compute) {
  auto rounded = compute == precision::bfloat16 && info.packed_speed > 0;
  return 1e6
         * std::max(1.0, rounded ? static_cast<double>(info.packed_speed)
                                 : static_cast<double>(info.speed)
                                       / std::max(info.devices, 1u));
}

} // namespace

double peak_flops(const cluster_view& nodes, precision compute) {
  auto sum = 0.0;
  for (const auto& x : nodes.members) {
    if (x.info.speed == 0)
      return 0;
    sum += flops_of(x.info, compute) * std::max(x.info.devices, 1u);
  }
  return sum;
}

planned_cluster devices_of(const cluster_settings& how,
                           const cluster_view& nodes, precision compute) {
  planned_cluster out;
  out.inside = within_machine;
  out.between = between_machines;
  for (const auto& x : nodes.members)
    out.between = slower(out.between, x.link);
  auto memory = memory_for_parameters(how, nodes);
  for (size_t i = 0; i < nodes.members.size(); ++i) {
    const auto& info = nodes.members[i].info;
    planned_device one;
    one.flops = flops_of(info, compute);
    one.bandwidth = rate_or_unlimited(info.memory_speed);
    one.cache_bandwidth =
        std::max(one.bandwidth, rate_or_unlimited(info.cache_speed));
    one.cache = static_cast<double>(info.cache);
    one.memory = static_cast<double>(memory[i]) / how.devices;
    out.devices.insert(out.devices.end(), how.devices, one);
    out.servers.insert(out.servers.end(), how.devices,
                       static_cast<uint32_t>(i));
  }
  return out;
}

void measure_work(network_work& work, const prepared_job& job, device& dev,
                  double flops) {
  const auto& train = job.how.run.train;
  batch_order order{job.data->size(split::train), train.batch, train.seed};
  auto batch = job.data->gather(split::train, order.batch(0));
  measure_work(work, job.net, train, dev, flops, batch.inputs, batch.targets);
}

std::optional<network_plan> plan_by(mechanism how, const planned_job& job,
                                    const planned_cluster& on) {
  if (how == mechanism::layerwise) {
    auto found = plan_layerwise(job, on);
    return found ? std::optional{std::move(found->plan)} : std::nullopt;
  }
  if (how == mechanism::megatron)
    return plan_megatron(job, on);
  auto found = plan_optimal(job, on);
  return found ? std::optional{std::move(found->plan)} : std::nullopt;
}

network_plan plan_as_split(const prepared_job& job, const network_work& work,
                           const planned_cluster& on, const placement& where) {
  auto on_each = on.devices.size() / where.nodes;
  layer_shares shares(work.layers.size(),
                      std::vector<double>(on.devices.size()));
  for (size_t i = 0; i < work.layers.size(); ++i)
    for (const auto& g : job.graph.groups) {
      if (g.kind != group_kind::neurons || g.layer != work.layers[i])
        continue;
      auto [node, device] = where.seats[g.id];
      shares[i][node * on_each + device % on_each] +=
          static_cast<double>(g.neurons.size())
          / static_cast<double>(job.net.layers[g.layer].units);
    }
  return evaluate(work.job, on, shares);
}

std::optional<costly_split> find_costly_split(const prepared_job& job,
                                              const placement& where,
                                              const cluster_view& nodes) {
  constexpr auto clearly = 1.25;
  constexpr auto little = 1.15;
  constexpr size_t most_to_look_at = 1024; // Layers times devices.
  auto work = training_work(job.net, job.how.run.train);
  auto on = devices_of(job.how.cluster, nodes, job.how.run.train.compute);
  if (job.how.distribute.is_planned()
      || work.layers.size() * on.devices.size() > most_to_look_at)
    return std::nullopt;
  auto best = plan_optimal(work.job, on);
  if (!best)
    return std::nullopt;
  auto fastest = std::move(best->plan);
  // More devices have to be worth it.
  auto one =
      evaluate(work.job, on, {{work.layers.size(), 1}}, sharing::balanced);
  if (one && one->seconds() < little * fastest.seconds())
    fastest = std::move(*one);
  auto now = plan_as_split(job, work, on, where);
  costly_split out{now.seconds() / fastest.seconds(),
                   fastest.stages.back().end_device};
  return out.times < clearly ? std::nullopt : std::optional{out};
}

} // namespace nnactor
