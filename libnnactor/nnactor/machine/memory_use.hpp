#pragma once

#include <cstdint>

namespace nnactor {

/// Bytes of memory that this process takes, libraries that it shares with
/// others included; 0 where the system does not say.
uint64_t used_memory();

/// Bytes of this machine's memory that programs could still take without
/// swapping; 0 where the system does not say.
uint64_t free_memory();

} // namespace nnactor
