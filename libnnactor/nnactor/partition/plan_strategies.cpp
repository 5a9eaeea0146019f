#include "nnactor/partition/planner.hpp"
#include "nnactor/partition/stage_model.hpp"

#include <algorithm>

namespace nnactor {

namespace {

/// One past the last device that it takes from `first` on so that `filled`
/// times their caches hold so many bytes; nothing if there are too few.
std::optional<uint64_t> devices_for(const planned_cluster& on, uint64_t first,
                                    double bytes, double filled) {
  for (auto i = first; i < on.devices.size(); ++i) {
    bytes -= filled * on.devices[i].cache;
    if (bytes <= 0)
      return i + 1;
  }
  return std::nullopt;
}

std::optional<std::vector<stage_end>> aggregate(const stage_model& model,
                                                double filled) {
  const auto& on = model.cluster();
  std::vector<stage_end> out;
  stage_end at;
  while (at.layer < model.layers()) {
    if (at.device == model.devices())
      return std::nullopt;
    auto room = filled * on.devices[at.device].cache;
    auto end = at.layer + 1;
    while (end < model.layers()
           && model.load(at.layer, end + 1).resident <= room)
      ++end;
    auto last =
        devices_for(on, at.device, model.load(at.layer, end).resident, filled);
    if (!last)
      return std::nullopt;
    at = {end, *last};
    out.push_back(at);
  }
  return out;
}

double most_filled(const stage_model& model, const network_plan& plan) {
  auto out = 0.0;
  for (const auto& at : plan.stages) {
    auto bytes = model.load(at.first_layer, at.end_layer).resident;
    for (size_t i = 0; i < at.shares.size(); ++i)
      out = std::max(out,
                     at.shares[i] * bytes
                         / model.cluster().devices[at.first_device + i].cache);
  }
  return out;
}

} // namespace

std::optional<layerwise_plan> plan_layerwise(const planned_job& job,
                                             const planned_cluster& on) {
  for (const auto& x : on.devices)
    if (x.cache <= 0)
      return std::nullopt;
  stage_model model{job, on};
  auto enough = [&](double filled) {
    return aggregate(model, filled).has_value();
  };
  auto filled = 1.0;
  if (!enough(filled)) {
    // Of one cache, with room for what is lost by rounding.
    auto all = model.load(0, model.layers()).resident * (1 + 1e-9);
    filled = bisect(1, all / on.devices.front().cache, enough);
  }
  auto plan = evaluate(job, on, *aggregate(model, filled), sharing::balanced);
  if (!plan)
    return std::nullopt;
  filled = most_filled(model, *plan);
  return layerwise_plan{std::move(*plan), filled};
}

std::optional<network_plan> plan_megatron(const planned_job& job,
                                          const planned_cluster& on) {
  std::optional<network_plan> best;
  auto devices = on.devices.size();
  for (uint64_t ways = 1; ways <= devices; ++ways) {
    auto stages = devices / ways;
    if (devices % ways != 0 || stages > job.layers.size())
      continue;
    std::vector<stage_end> ends;
    for (uint64_t s = 1; s <= stages; ++s)
      ends.push_back({s * job.layers.size() / stages, s * ways});
    auto plan = evaluate(job, on, ends, sharing::equal);
    if (plan && (!best || plan->seconds() < best->seconds()))
      best = std::move(plan);
  }
  return best;
}

} // namespace nnactor
