#pragma once

#include "noise_job.hpp"

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

/// Finds them: what a message costs from a network that computes next to
/// nothing, what a byte costs from one that sends much. Takes half a minute.
result<message_costs> find_message_costs(device& dev);

/// Predicts and measures placements of a network, all of them twice; what was
/// faster counts.
caf::error compare(const noise_network& what, const message_costs& costs,
                   device& dev, std::vector<placed>& all);

} // namespace nnactor
