#pragma once

#include <cstdint>

namespace nnactor {

/// Keeps the calling thread on one CPU; where that is not allowed, nothing.
void pin_this_thread(uint32_t cpu);

} // namespace nnactor
