#pragma once

#include "bench/noise_job.hpp"

#include "nnactor/device/device.hpp"
#include "nnactor/engine/layer_work.hpp"

#include <limits>
#include <vector>

namespace nnactor {

/// Where two devices are.
enum class layout : uint8_t { one_device, one_process, two_processes };

const char* to_string(layout where);

/// A way to place a network, with how long a step takes, in seconds.
struct placed {
  layout where = layout::one_device;
  std::vector<stage_end> ends;
  double predicted = 0;
  double measured = std::numeric_limits<double>::infinity();
};

/// What messages cost on this machine.
struct message_costs {
  double overhead = 0; ///< Seconds of a layer and micro-batch.
  link_model inside;   ///< Between devices of a process.
  link_model between;  ///< Between processes.
};

/// A network on several placements.
class placement_trial {
public:
  static result<placement_trial> make(const noise_network& what,
                                      std::vector<placed> places);

  /// Measures what its layers take and all placements, once more; what was
  /// fastest counts: what else runs on the machine makes times longer, never
  /// shorter.
  caf::error measure(device& dev);

  /// Says how long a step takes on a placement, by what the layers take.
  double predict(const message_costs& costs, const placed& on) const;

  const noise_network& network() const {
    return what_;
  }

  std::vector<placed>& places() {
    return places_;
  }

  const std::vector<placed>& places() const {
    return places_;
  }

private:
  placement_trial(const noise_network& what, std::vector<placed> places,
                  prepared_job job);

  void profile(device& dev);
  network_plan plan(const message_costs& costs, const placed& on) const;
  caf::error time(placed& on) const;

  noise_network what_;
  std::vector<placed> places_;
  prepared_job job_;
  network_work work_; ///< Fastest so far.
};

/// Networks from which it is told what messages cost: one that computes next to
/// nothing, and one that sends much.
struct cost_trials {
  placement_trial tiny, wide;

  static result<cost_trials> make();

  /// The costs with which their placements are predicted best.
  message_costs costs() const;
};

} // namespace nnactor
