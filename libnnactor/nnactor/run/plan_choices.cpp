#include "nnactor/run/plan_choices.hpp"

namespace nnactor {

step_causes causes_of(const network_plan& plan) {
  auto& slowest = plan.slowest();
  auto m = plan.micro_batches;
  auto computing = slowest.compute + slowest.memory;
  return {m * slowest.compute, m * slowest.memory,
          m * (slowest.seconds() - computing), plan.bubble()};
}

std::array<named_plan, 3> plan_choices::strategies() const {
  return {{{"layerwise", layerwise ? &layerwise->plan : nullptr},
           {"megatron", megatron ? &*megatron : nullptr},
           {"auto", best ? &best->plan : nullptr}}};
}

std::vector<named_plan> plan_choices::all() const {
  auto others = strategies();
  std::vector<named_plan> out;
  if (configured)
    out.push_back({"configured", &*configured});
  out.insert(out.end(), others.begin(), others.end());
  return out;
}

named_plan plan_choices::next_best() const {
  named_plan out;
  for (auto x : strategies())
    if (x.plan != nullptr && best && x.plan != &best->plan
        && (out.plan == nullptr || x.plan->seconds() < out.plan->seconds()))
      out = x;
  return out;
}

std::optional<double> plan_choices::configured_over_best() const {
  if (!configured || !best)
    return std::nullopt;
  return configured->seconds() / best->plan.seconds();
}

double plan_choices::resident(const planned_stage& stage) const {
  auto bytes = 0.0;
  for (auto i = stage.first_layer; i < stage.end_layer; ++i)
    bytes += work.job.layers[i].resident;
  return bytes;
}

size_t plan_choices::cached_devices(const planned_stage& stage) const {
  auto bytes = resident(stage);
  size_t out = 0;
  for (size_t i = 0; i < stage.shares.size(); ++i)
    out += stage.shares[i] * bytes
           <= on.devices[stage.first_device + i].cache * (1 + 1e-9);
  return out;
}

plan_choices choose_plans(network_work work, planned_cluster on,
                          uint64_t examples) {
  plan_choices out;
  out.work = std::move(work);
  out.on = std::move(on);
  out.examples = examples;
  out.layerwise = plan_layerwise(out.work.job, out.on);
  out.megatron = plan_megatron(out.work.job, out.on);
  out.best = plan_optimal(out.work.job, out.on);
  return out;
}

} // namespace nnactor
