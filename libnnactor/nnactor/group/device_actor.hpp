#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/group/block.hpp"

#include <array>
#include <map>
#include <memory>

namespace nnactor {

/// A device that also reminds itself that blocks wait.
using block_device_actor = device_actor::extend<caf::reacts_to<ready_atom>>;

struct device_state {
  static inline const char* name = "device";

  // Without this, CAF would take the state for one to be made from the actor.
  device_state() = default;

  std::shared_ptr<device> dev;
  /// By urgency, then by micro-batch; of equal ones the oldest comes first.
  std::array<std::multimap<uint32_t, block_ptr>, 3> waiting;
  size_t size = 0; ///< Of all of them.

  /// What runs on a GPU while the next block is made ready.
  struct {
    block_ptr what; ///< Null: nothing.
    uint64_t number = 0;
  } under_way;

  /// Takes the first of the most urgent.
  block_ptr next();
};

/// Runs blocks on `dev`, one a message, so that what became urgent meanwhile
/// goes first. A GPU copies the results of one while it computes the next. An
/// exception of a kernel ends in the block's `failure`, not in the actor.
block_device_actor::behavior_type
run_device(block_device_actor::stateful_pointer<device_state> self,
           std::shared_ptr<device> dev);

} // namespace nnactor
