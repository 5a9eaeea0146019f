#pragma once

#include "nnactor/chat/chat_template.hpp"
#include "nnactor/chat/renderer.hpp"

namespace nnactor::chat {

/// What a template sees of a conversation, and what it may cost.
struct given_variables {
  variables all;
  size_t bytes = 0; ///< That they hold.
};

/// Throws `fault` for variables that are no object or nested too deep.
given_variables variables_of(const conversation& what);

} // namespace nnactor::chat
