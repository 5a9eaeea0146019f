#pragma once

#include "nnactor/error.hpp"

#include <cstdint>
#include <string>

namespace nnactor::chat {

/// A place in a template, both from 1.
struct position {
  uint32_t line = 1;
  uint32_t column = 1; ///< In bytes.
};

/// Ends parsing or rendering from any depth. It never leaves this room:
/// `chat_template` makes an error of it.
struct fault {
  caf::error what;
};

/// Throws the fault of a template that is wrong.
[[noreturn]] void refuse_text(position where, const std::string& why);

template <class... Ts>
[[noreturn]] void refuse(position where, fmt::format_string<Ts...> format,
                         Ts&&... xs) {
  refuse_text(where, fmt::format(format, std::forward<Ts>(xs)...));
}

/// Throws the fault of a template that may be right, but has what this room
/// lacks.
[[noreturn]] void not_understood(position where, const std::string& what);

/// Throws what a template says about messages that it does not take.
[[noreturn]] void refuse_messages(const std::string& why);

} // namespace nnactor::chat
