#pragma once

#include "nnactor/error.hpp"

#include <capnp/message.h>

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace nnactor {

/// Serializes a Cap'n Proto message into one flat piece of bytes.
std::vector<std::byte> to_bytes(capnp::MessageBuilder& message);

/// Parses a flat message from bytes of any alignment and hands its root to
/// `use`, turning whatever Cap'n Proto throws on malformed input into an error
/// with code `code`. Reading stops at 64 KiB plus eight times the input, which
/// bounds amplification through aliased pointers.
caf::error
with_message(std::span<const std::byte> bytes, ec code,
             const std::function<caf::error(capnp::MessageReader&)>& use);

} // namespace nnactor
