#pragma once

#include "nnactor/partition/transformer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

// Which layers go to which devices so that a step takes the least time, by a
// model of both. Times are in seconds, sizes in bytes. A plan cuts the layers
// into stages, each of consecutive layers on consecutive devices, which share
// the neurons of every layer of their stage. Micro-batches follow each other
// through the stages: the first takes as long as all stages together, each of
// the m - 1 others comes one time of the slowest stage later (Alpa, arXiv
// 2201.12023). That is at most (m + p - 1) times the slowest of p stages
// (GPipe, arXiv 1811.06965), and as much where all are alike.

/// What a layer takes for one micro-batch, all of its passes together.
struct layer_work {
  double flop = 0;
  double moved = 0;    ///< Read and written of what a device holds of it.
  double resident = 0; ///< That a cache has to hold, so that it moves there.
  double memory = 0;   ///< All that it takes while a step runs.
  /// Sent at each exchange by whoever computes it to whoever shares the stage.
  double exchanged = 0;
  /// Crosses a border between stages right behind it, at each exchange.
  double passed_on = 0;
  /// Seconds that it costs each device, however small its share.
  double overhead = 0;
};

/// One device.
struct planned_device {
  double flops = 0;           ///< Floating-point operations a second.
  double bandwidth = 0;       ///< Of its memory.
  double cache_bandwidth = 0; ///< At least that of its memory.
  double cache = 0;           ///< What weights may take of it.
  double memory = 0;          ///< 0: not considered.

  friend bool operator==(const planned_device&,
                         const planned_device&) = default;
};

/// Devices in the order in which stages take them.
struct planned_cluster {
  std::vector<planned_device> devices;
  std::vector<uint32_t> servers; ///< By device: those of one are near.
  link_model inside;             ///< Between devices of a server.
  link_model between;            ///< Between servers.
};

/// What is to be planned.
struct planned_job {
  std::vector<layer_work> layers;
  uint32_t micro_batches = 1; ///< m
  /// Of a layer: at each time step one, or two where gradients go back.
  uint32_t exchanges = 1;
};

/// Where a stage ends; it begins where the one before it ends.
struct stage_end {
  uint64_t layer = 0;  ///< One past its last.
  uint64_t device = 0; ///< One past its last.
};

/// How much of every layer each device of a stage has.
enum class sharing : uint8_t {
  balanced, ///< So that all are done at the same time.
  equal,
};

/// A stage with what it takes for one micro-batch, by cause.
struct planned_stage {
  uint64_t first_layer = 0, end_layer = 0;
  uint64_t first_device = 0, end_device = 0;
  std::vector<double> shares; ///< By device; they add up to 1.
  double compute = 0;         ///< Of the device that takes longest.
  double memory = 0;          ///< Beyond that.
  double communication = 0;
  double border = 0; ///< Of its results, to the next stage and back.

  double seconds() const;
};

struct network_plan {
  std::vector<planned_stage> stages;
  uint32_t micro_batches = 1;

  /// The stage that the others wait for.
  const planned_stage& slowest() const;
  /// What a step takes.
  double seconds() const;
  /// What part of that is filling and draining the stages: what all but the
  /// slowest take.
  double bubble() const;
  /// (m + p - 1) times the slowest stage.
  double bound() const;
};

/// Works out a plan; nothing if some stage does not fit the memory of its
/// devices.
/// @pre the ends ascend, the last is that of the layers
std::optional<network_plan> evaluate(const planned_job& job,
                                     const planned_cluster& on,
                                     const std::vector<stage_end>& ends,
                                     sharing how);

/// What share of the neurons of each layer each device has: by layer, then by
/// device; those of a layer add up to 1.
using layer_shares = std::vector<std::vector<double>>;

/// Works out a split that is there already, whether its devices fit it or not.
/// Layers that share no device, directly or by layers between them, are stages
/// of their own; the devices of a stage count in the order of the stages.
network_plan evaluate(const planned_job& job, const planned_cluster& on,
                      const layer_shares& shares);

/// The second paper: consecutive layers go together while they fit the cache of
/// a device; a layer that is too large for one goes to as many as it takes.
/// Where there are too few devices for that, all caches count for as much more
/// as it takes (see `filled`); where there are more, the others stay idle.
struct layerwise_plan {
  network_plan plan;
  double filled = 1; ///< What a device holds over its cache, at most.
};
std::optional<layerwise_plan> plan_layerwise(const planned_job& job,
                                             const planned_cluster& on);

/// Megatron-LM (arXiv 2104.04473): as many layers in each stage, as many
/// devices for each, equal shares; the fastest of these.
std::optional<network_plan> plan_megatron(const planned_job& job,
                                          const planned_cluster& on);

/// An exact minimum and how that is known.
struct optimal_plan {
  network_plan plan;
  /// The minimum of `seconds` among all plans; else that of `bound` among those
  /// whose stages have equally many devices.
  bool any_sizes = true;
  uint64_t probes = 0;   ///< Questions whether some time can be kept.
  double infeasible = 0; ///< What the last ones showed to be too short.
};

/// The fastest plan of all whose stages take the devices in their order, the
/// last of which may stay idle; nothing if no plan fits their memory. Where
/// there are too many stages to look at each, as `plan_equal_sizes`.
std::optional<optimal_plan> plan_optimal(const planned_job& job,
                                         const planned_cluster& on);

/// The plan of the least bound among those with stages of equally many devices,
/// however many that are. Bisection over the time of a stage with a probe that
/// fills stages as far as they go (Pinar and Aykanat, JPDC 2004).
std::optional<optimal_plan> plan_equal_sizes(const planned_job& job,
                                             const planned_cluster& on);

} // namespace nnactor
