#pragma once

#include "nnactor/chat/syntax.hpp"

namespace nnactor::chat {

/// Reads a whole template. Throws `fault`.
block parse_template(const std::string& source);

} // namespace nnactor::chat
