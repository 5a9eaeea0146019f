#pragma once

#include "nnactor/partition/planner.hpp"

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

/// Answers for any stage of a job on a cluster in a time that depends on how
/// many kinds of devices there are, not on how many layers.
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

  /// What the devices exchange and what each layer costs anyway.
  double communication(const stage_load& work, uint64_t first_device,
                       uint64_t end_device) const;

  /// Sending what a stage that ends there passes on, and getting back what
  /// comes of it; the cores that compute do that, too.
  double border(stage_end at) const;

  /// Whether those devices do those layers within so many seconds, without
  /// what crosses the border.
  bool keeps(uint64_t first_layer, uint64_t end_layer, uint64_t first_device,
             uint64_t end_device, double seconds) const;

  /// The last layer's end up to which these devices get within so many seconds,
  /// and at which a stage may end; `first_layer` if there is none.
  /// @param guess How many layers that may be; a good one saves time.
  uint64_t reach(uint64_t first_layer, uint64_t first_device,
                 uint64_t end_device, double seconds, uint64_t guess) const;

  /// The least seconds for which `keeps` is true; infinite where memory is
  /// short.
  double least_seconds(uint64_t first_layer, uint64_t end_layer,
                       uint64_t first_device, uint64_t end_device) const;

  /// That, and what crosses the border of the stage.
  double seconds(stage_end begin, stage_end end) const {
    return least_seconds(begin.layer, end.layer, begin.device, end.device)
           + border(end);
  }

  /// More than any stage takes that fits.
  double enough() const {
    return enough_;
  }

  /// Of these devices together, at their best.
  struct device_rates {
    double flops = 0;
    double cache_bandwidth = 0;
  };
  device_rates rates(uint64_t first_device, uint64_t end_device) const;

  const planned_job& job() const {
    return job_;
  }

  const planned_cluster& cluster() const {
    return on_;
  }

private:
  /// Equal devices, and how many of them come before each device.
  struct kind_of_device {
    planned_device like;
    std::vector<uint32_t> before;
  };

  // With more, each device is a kind of its own.
  static constexpr size_t most_kinds = 64;

  void count_kinds();

  double count_enough() const;

  double shares(const stage_load& work, uint64_t first_device,
                uint64_t end_device, double seconds) const;

  const planned_job& job_;
  const planned_cluster& on_;
  std::vector<stage_load> sums_;      ///< Of all layers before each.
  std::vector<device_rates> rates_;   ///< Of all devices before each.
  std::vector<kind_of_device> kinds_; ///< Empty where they are too many.
  double enough_ = 0;
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

/// The largest share of a stage that a device does within so many seconds.
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
