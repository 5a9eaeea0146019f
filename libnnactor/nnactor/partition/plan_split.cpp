#include "nnactor/partition/plan_split.hpp"

#include <cmath>
#include <map>

namespace nnactor {

namespace {

/// Gives each device of a stage its share of a layer.
void share_out(const layer& what, const planned_stage& stage,
               std::map<uint64_t, neuron_set>& by_device) {
  auto units = static_cast<double>(what.units);
  auto before = 0.0;
  auto begin = what.first;
  for (size_t i = 0; i < stage.shares.size(); ++i) {
    before += stage.shares[i];
    auto last = i + 1 == stage.shares.size();
    auto end = what.first
               + (last ? what.units
                       : static_cast<uint64_t>(std::llround(units * before)));
    if (end > begin) {
      auto& set = by_device[stage.first_device + i];
      set = unite(set, neuron_set::range(begin, end));
      begin = end;
    }
  }
}

} // namespace

planned_split split_by_plan(const network& net,
                            const std::vector<layer_id>& layers,
                            const network_plan& plan) {
  std::map<uint64_t, neuron_set> by_device;
  for (const auto& stage : plan.stages)
    for (auto i = stage.first_layer; i < stage.end_layer; ++i)
      share_out(net.layers[layers[i]], stage, by_device);
  planned_split out;
  for (auto& [device, neurons] : by_device) {
    out.parts.parts.push_back(std::move(neurons));
    out.devices.push_back(device);
  }
  return out;
}

} // namespace nnactor
