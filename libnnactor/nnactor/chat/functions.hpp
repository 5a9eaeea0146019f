#pragma once

#include "nnactor/chat/arguments.hpp"

#include <ctime>
#include <optional>

namespace nnactor::chat {

/// Whether `call_function` has one of this name.
bool is_function(const std::string& name);

/// Calls `range`, `dict`, `raise_exception` or `strftime_now`. The last needs
/// `now`.
value call_function(work& w, arguments& with,
                    const std::optional<std::tm>& now);

} // namespace nnactor::chat
