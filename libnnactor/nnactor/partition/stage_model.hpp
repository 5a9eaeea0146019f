#pragma once

#include "nnactor/partition/planner.hpp"

#include <algorithm>
#include <array>

namespace nnactor {

// Private to this room: how long stages take.

/// The work of consecutive layers.
struct stage_load {
  double flop = 0;
  double moved = 0;
  double resident = 0;
  double memory = 0;
  double exchanged = 0;
  double overhead = 0;
  double layers = 0;
};

/// Of devices together, at their best.
struct device_rates {
  double flops = 0;
  double cache_bandwidth = 0;
};

/// What a stage costs follows from sums over the layers and devices before it,
/// so that it takes as long to tell for many as for few.
class stage_model {
public:
  /// @pre both outlive it
  stage_model(const planned_job& job, const planned_cluster& on);

  uint64_t layers() const {
    return sums_.size() - 1;
  }

  uint64_t devices() const {
    return on_.devices.size();
  }

  uint32_t micro_batches() const {
    return job_.micro_batches;
  }

  stage_load load(uint64_t first_layer, uint64_t end_layer) const;

  /// What the last of the layers before that end passes on.
  double passed_on(uint64_t end_layer) const {
    return sums_[end_layer].passed_on;
  }

  /// Fetches what will be asked about ends near that one.
  void prefetch(uint64_t end_layer) const {
    constexpr uint64_t near = 8;
    auto last = std::min(end_layer + near, layers());
    for (auto i = std::max(end_layer, near) - near; i <= last; ++i)
      __builtin_prefetch(&sums_[i]);
  }

  device_rates rates(uint64_t first_device, uint64_t end_device) const;

  /// Equal devices, and how many of them come before each device.
  struct kind_of_device {
    planned_device like;
    std::vector<uint32_t> before;
  };

  // With more, each device is a kind of its own.
  static constexpr size_t most_kinds = 64;

  /// Empty where they are too many.
  const std::vector<kind_of_device>& kinds() const {
    return kinds_;
  }

  /// More than any stage takes that fits.
  double enough() const {
    return enough_;
  }

  const planned_job& job() const {
    return job_;
  }

  const planned_cluster& cluster() const {
    return on_;
  }

private:
  void count_kinds();

  double count_enough() const;

  const planned_job& job_;
  const planned_cluster& on_;
  /// In a cache line of its own: with many layers, fetching it is what takes
  /// the time.
  struct alignas(64) layers_before {
    stage_load work;
    double passed_on = 0; ///< By the last of them.
  };

  std::vector<layers_before> sums_; ///< Of each layer, and of the end.
  std::vector<device_rates> rates_; ///< Of all devices before each.
  std::vector<kind_of_device> kinds_;
  double enough_ = 0;
};

/// The devices of a stage: how long they take for layers.
class stage_devices {
public:
  /// @pre `model` outlives it
  stage_devices(const stage_model& model, uint64_t first, uint64_t end);

  /// What they exchange and what each layer costs anyway.
  double communication(const stage_load& work) const;

  /// Sending what a stage that ends there passes on, and getting back what
  /// comes of it; the cores that compute do that, too.
  double border(uint64_t end_layer) const;

  /// Whether they do those layers within so many seconds, without what crosses
  /// the border.
  bool keep(uint64_t first_layer, uint64_t end_layer, double seconds) const {
    return shares(first_layer, end_layer, seconds) >= whole;
  }

  /// The last layer's end up to which they get within so many seconds, and at
  /// which a stage may end; `first_layer` if there is none.
  /// @param guess How many layers that may be; a good one saves time.
  uint64_t reach(uint64_t first_layer, double seconds, uint64_t guess) const;

  /// The least seconds for which `keep` is true; infinite where memory is
  /// short.
  double least_seconds(uint64_t first_layer, uint64_t end_layer) const;

  /// That, and what crosses the border of the stage.
  double seconds(uint64_t first_layer, uint64_t end_layer) const {
    return least_seconds(first_layer, end_layer) + border(end_layer);
  }

private:
  // Sums of rounded shares of a whole may miss it by a little.
  static constexpr double whole = 1 - 1e-12;

  /// What they do of those layers within so many seconds: 1 and more is all.
  double shares(uint64_t first_layer, uint64_t end_layer, double seconds) const;

  const stage_model& model_;
  uint64_t first_, end_;
  const link_model& among_;            ///< Its own devices.
  const link_model* behind_ = nullptr; ///< To the next stage, if there may be.
  /// By kind, where there are fewer kinds than devices here.
  bool by_kind_ = false;
  std::array<uint32_t, stage_model::most_kinds> counts_;
};

/// What devices that share these layers spend on giving each other their parts
/// of every one: halves of all-reduces.
double gather_time(const planned_job& job, const stage_load& work,
                   uint64_t ways, const link_model& link);

/// The shares of a stage that one operation and one byte are.
struct share_sizes {
  explicit share_sizes(const stage_load& work);

  double flop, moved, resident, memory;
};

/// The largest share of a stage that a device does within so many seconds, more
/// than 1 if it has time for more.
/// @pre `seconds` is not negative
double most_share(const planned_device& device, const share_sizes& of,
                  double seconds);

/// How long a device takes for a share of a stage: its operations, and what
/// moving the data takes.
struct share_time {
  double compute = 0;
  double moving = 0;
};
share_time time_of_share(const planned_device& device, const stage_load& work,
                         double share);

/// The least x for which `is_enough(x)`, up to a share of it.
/// @pre `is_enough(high)`, and it stays true from the first such x on
template <class Test>
double bisect(double low, double high, Test is_enough,
              double precision = 1e-10) {
  while (high - low > precision * high) {
    auto middle = low + (high - low) / 2;
    (is_enough(middle) ? high : low) = middle;
  }
  return high;
}

} // namespace nnactor
