#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/messages/actors.hpp"

#include <functional>

namespace nnactor {

/// Consecutive work that a device does in one go for a group. It travels from
/// the group to its device and back.
struct block {
  group_actor owner;
  std::function<void(device&)> run; ///< On the device.
  std::function<void()> then;       ///< In the owner, after a good run.
  caf::error failure;               ///< Set when `run` threw.
};

/// Whether other groups wait for a block, or it fills idle time.
enum class urgency : uint8_t { now, idle };

/// Sends a block from the group `self` to `dev`. Blocks of equal urgency run
/// in the order in which they were sent.
template <class Self>
void send_block(Self* self, const device_actor& dev, urgency when,
                std::function<void(device&)> run, std::function<void()> then) {
  auto what = std::make_shared<block>();
  what->owner = self;
  what->run = std::move(run);
  what->then = std::move(then);
  if (when == urgency::now)
    self->template send<caf::message_priority::high>(dev, std::move(what));
  else
    self->send(dev, std::move(what));
}

} // namespace nnactor
