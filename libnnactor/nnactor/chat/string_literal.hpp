#pragma once

#include "nnactor/chat/fault.hpp"

#include <string>
#include <string_view>

namespace nnactor::chat {

/// Resolves the escapes of a string between its quotes as Python does: `\n`,
/// `\t`, `\x41`, `\u00e9`, `\U0001f600`, `\101`; a backslash before anything
/// else stays. Throws `fault`.
std::string resolve_escapes(std::string_view inner, position where);

} // namespace nnactor::chat
