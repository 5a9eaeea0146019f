#pragma once

#include "nnactor/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace nnactor {

/// Wraps a payload the way every small file of ours is laid out: magic (8
/// bytes), u32 version, u32 zero, u64 length of the payload, the payload,
/// SHA-256 of all bytes before. Integers are little-endian.
/// @pre `magic8.size() == 8`
std::vector<std::byte> frame(std::string_view magic8, uint32_t version,
                             std::span<const std::byte> payload);

/// Returns the payload of such a file after checking every byte of it. Fails
/// with `code` on a file of another kind, another version, one that is cut or
/// too long, or one whose digest does not match.
result<std::vector<std::byte>> unframe(std::string_view magic8,
                                       uint32_t version,
                                       std::span<const std::byte> file,
                                       ec code);

} // namespace nnactor
