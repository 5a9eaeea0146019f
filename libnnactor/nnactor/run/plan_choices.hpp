#pragma once

#include "nnactor/engine/layer_work.hpp"
#include "nnactor/partition/planner.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace nnactor {

/// A plan by the name of its strategy, which is its key in JSON, too.
struct named_plan {
  const char* name = nullptr;
  const network_plan* plan = nullptr; ///< Null where there is none.
};

/// A step by cause, in seconds; they add up to it.
struct step_causes {
  double compute, memory, communication, bubble;
};

step_causes causes_of(const network_plan& plan);

/// The plans of all strategies for one network on some devices.
struct plan_choices {
  network_work work;
  planned_cluster on;
  std::string device = "device"; ///< What people call one.
  uint64_t examples = 1;         ///< Of a step, or questions answered at once.
  std::optional<network_plan> configured; ///< The config's own split.
  std::optional<layerwise_plan> layerwise;
  std::optional<network_plan> megatron;
  std::optional<optimal_plan> best;

  std::array<named_plan, 3> strategies() const;

  /// The strategies, behind the config's own split where there is one.
  std::vector<named_plan> all() const;

  /// The fastest strategy but for `best`; null if there is no other.
  named_plan next_best() const;

  /// As many times as `best` the config's own split takes; nothing where one of
  /// them is missing.
  std::optional<double> configured_over_best() const;

  /// Bytes of a stage that caches should hold.
  double resident(const planned_stage& stage) const;

  /// How many of its devices hold their share of them in their cache.
  size_t cached_devices(const planned_stage& stage) const;
};

/// Plans by every strategy. The config's own split is the caller's to add.
plan_choices choose_plans(network_work work, planned_cluster on,
                          uint64_t examples);

} // namespace nnactor
