#pragma once

#include <cstdint>

namespace nnactor {

/// Keeps the calling thread on one CPU; where that is not allowed, nothing.
void pin_this_thread(uint32_t cpu);

/// Lets the calling thread, and those that it starts, take a processor from
/// others only when their time is up (SCHED_BATCH): a message to a thread that
/// sleeps should not interrupt the device that sent it.
void give_way();

/// The opposite, for the threads of devices.
void take_way();

} // namespace nnactor
