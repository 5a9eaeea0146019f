#pragma once

#include <chrono>
#include <cstddef>
#include <span>

namespace nnactor {

/// Reads all of it once with the widest loads that the processor has, chosen
/// at run time. The result depends on every byte, so that nothing is left out.
/// @pre a multiple of 512 bytes, aligned to 64
uint64_t read_all(std::span<const std::byte> bytes);

/// Bytes a second at which one core reads so many bytes again and again: the
/// fastest pass within the time.
double measure_read(size_t bytes, std::chrono::milliseconds time);

} // namespace nnactor
