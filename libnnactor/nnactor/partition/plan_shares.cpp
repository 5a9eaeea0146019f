#include "nnactor/partition/planner.hpp"
#include "nnactor/partition/stage_model.hpp"

#include <algorithm>

namespace nnactor {

namespace {

bool has_part(const std::vector<double>& shares, uint64_t device) {
  return shares[device] > 0;
}

/// One past the last layer of each stage: where no device has layers on both
/// sides.
std::vector<uint64_t> stage_ends(const layer_shares& shares) {
  auto devices = shares.front().size();
  std::vector<uint64_t> last(devices);
  for (uint64_t layer = 0; layer < shares.size(); ++layer)
    for (uint64_t d = 0; d < devices; ++d)
      if (has_part(shares[layer], d))
        last[d] = layer;
  std::vector<uint64_t> out;
  uint64_t reach = 0;
  for (uint64_t layer = 0; layer < shares.size(); ++layer) {
    for (uint64_t d = 0; d < devices; ++d)
      if (has_part(shares[layer], d))
        reach = std::max(reach, last[d]);
    if (reach == layer)
      out.push_back(layer + 1);
  }
  return out;
}

std::vector<uint64_t> devices_of(const layer_shares& shares,
                                 const planned_stage& at) {
  std::vector<uint64_t> out;
  for (uint64_t d = 0; d < shares.front().size(); ++d)
    for (auto layer = at.first_layer; layer < at.end_layer; ++layer)
      if (has_part(shares[layer], d)) {
        out.push_back(d);
        break;
      }
  return out;
}

/// The slower of both where devices are on different servers.
const link_model& link_among(const planned_cluster& on,
                             const std::vector<uint64_t>& devices) {
  auto server = on.servers[devices.front()];
  auto one = std::ranges::all_of(
      devices, [&](uint64_t d) { return on.servers[d] == server; });
  return one ? on.inside : on.between;
}

/// Layer by layer, each takes as long as the device that takes longest.
void add_device_times(const planned_job& job, const planned_cluster& on,
                      const layer_shares& shares,
                      const std::vector<uint64_t>& devices, planned_stage& at) {
  std::vector<double> rates;
  for (auto d : devices) {
    auto resident = 0.0;
    for (auto layer = at.first_layer; layer < at.end_layer; ++layer)
      resident += shares[layer][d] * job.layers[layer].resident;
    auto fits = resident <= on.devices[d].cache * (1 + 1e-9);
    rates.push_back(fits ? on.devices[d].cache_bandwidth
                         : on.devices[d].bandwidth);
  }
  for (auto layer = at.first_layer; layer < at.end_layer; ++layer) {
    const auto& work = job.layers[layer];
    auto longest = 0.0;
    auto computing = 0.0;
    for (size_t i = 0; i < devices.size(); ++i) {
      auto share = shares[layer][devices[i]];
      auto compute = share * work.flop / on.devices[devices[i]].flops;
      auto all = std::max(compute, share * work.moved / rates[i]);
      if (all > longest) {
        longest = all;
        computing = compute;
      }
    }
    at.compute += computing;
    at.memory += longest - computing;
  }
}

/// Of all operations of the stage, by device.
std::vector<double> shares_of(const planned_job& job,
                              const layer_shares& shares,
                              const std::vector<uint64_t>& devices,
                              const planned_stage& at) {
  auto all = 0.0;
  std::vector<double> out(devices.size());
  for (auto layer = at.first_layer; layer < at.end_layer; ++layer)
    for (size_t i = 0; i < devices.size(); ++i) {
      auto part = shares[layer][devices[i]] * job.layers[layer].flop;
      out[i] += part;
      all += part;
    }
  for (auto& x : out)
    x = all > 0 ? x / all : 1 / static_cast<double>(out.size());
  return out;
}

} // namespace

network_plan evaluate(const planned_job& job, const planned_cluster& on,
                      const layer_shares& shares) {
  stage_model model{job, on};
  network_plan out{{}, job.micro_batches};
  std::vector<uint64_t> before; // Devices of the stage before.
  for (auto end : stage_ends(shares)) {
    planned_stage at;
    if (!out.stages.empty()) {
      at.first_layer = out.stages.back().end_layer;
      at.first_device = out.stages.back().end_device;
    }
    at.end_layer = end;
    auto devices = devices_of(shares, at);
    at.end_device = at.first_device + devices.size();
    at.shares = shares_of(job, shares, devices, at);
    add_device_times(job, on, shares, devices, at);
    auto work = model.load(at.first_layer, at.end_layer);
    at.communication =
        work.overhead
        + gather_time(job, work, devices.size(), link_among(on, devices));
    if (!before.empty()) {
      before.push_back(devices.front());
      const auto& link = link_among(on, before);
      out.stages.back().border =
          job.exchanges
          * (link.latency + model.passed_on(at.first_layer) / link.bandwidth);
    }
    out.stages.push_back(at);
    before = {devices.back()};
  }
  return out;
}

} // namespace nnactor
