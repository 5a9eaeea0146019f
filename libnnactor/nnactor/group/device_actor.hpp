#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/group/block.hpp"

#include <memory>

namespace nnactor {

struct device_state {
  static inline const char* name = "device";
};

/// Runs blocks on `dev`. An exception of a kernel ends in the block's
/// `failure`, not in the actor.
device_actor::behavior_type
run_device(device_actor::stateful_pointer<device_state> self,
           std::shared_ptr<device> dev);

} // namespace nnactor
