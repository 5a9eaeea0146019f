#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/error.hpp"
#include "nnactor/machine/trace.hpp"
#include "nnactor/messages/actors.hpp"

#include <functional>

namespace nnactor {

/// Which of the blocks that wait goes first. Backward before forward keeps the
/// activations of few micro-batches alive (1F1B, arXiv 2104.04473); what no
/// other group waits for, gradients of weights first of all, fills idle time
/// (arXiv 2401.10241).
enum class urgency : uint8_t { backward, forward, idle };

/// Consecutive work that a device does in one go for a group. It travels from
/// the group to its device and back.
struct block {
  group_actor owner = {};
  urgency when = urgency::idle;
  /// Of equally urgent ones the first micro-batch goes first, through all
  /// groups of the device: whoever waits for it elsewhere can begin.
  uint32_t micro_batch = 0;
  const char* what = ""; ///< That it does, and for which group, for traces.
  group_id of = 0;
  std::function<void(device&)> run = {}; ///< On the device.
  std::function<void()> then = {};       ///< In the owner, after a good run.
  caf::error failure = {};               ///< Set when `run` threw.
};

/// Turns what `f` throws into an error.
template <class F>
caf::error guarded(device& dev, F&& f) {
  try {
    f();
    return caf::none;
  } catch (const std::exception& ex) {
    dev.abandon();
    return fail(ec::device_failure, "device {}: {}", dev.name(), ex.what());
  }
}

/// Runs kernels to their end.
template <class F>
caf::error run_on(device& dev, F&& run) {
  return guarded(dev, [&] {
    run(dev);
    dev.finish();
  });
}

/// Fetches what goes to other devices.
inline void fetch_all(device& dev, std::vector<tensor>& xs) {
  for (auto& x : xs)
    x = dev.fetch(x);
}

/// Sends a block of the group actor `self` to `dev`. Blocks of equal urgency
/// and micro-batch run in the order in which they were sent.
template <class Self>
void send_block(Self* self, const device_actor& dev, block what) {
  what.owner = self;
  self->send(dev, std::make_shared<block>(std::move(what)));
}

} // namespace nnactor
