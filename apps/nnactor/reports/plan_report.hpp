#pragma once

#include "nnactor/engine/layer_work.hpp"
#include "nnactor/partition/planner.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace nnactor {

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
};

plan_choices choose_plans(network_work work, planned_cluster on,
                          uint64_t examples);

/// What the config's own split takes beside the fastest plan, in plain words;
/// empty where it has none.
std::string compare_split(const plan_choices& what);

/// The reason for the fastest plan in a line: what it saves over the next best,
/// and by how much. Empty if there is no other.
std::string why_fastest(const plan_choices& what);

/// Tables for people: the strategies with where their time goes, and the stages
/// of the fastest with what its devices hold.
/// @param title Names what the plans are for.
std::string render(const plan_choices& what, const network& net,
                   const std::string& title);

nlohmann::json to_json(const plan_choices& what, const network& net);

} // namespace nnactor
