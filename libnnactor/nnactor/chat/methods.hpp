#pragma once

#include "nnactor/chat/arguments.hpp"

namespace nnactor::chat {

/// Whether Python has a method of this name for a string, a list or a mapping,
/// which comes before what a mapping has under this key.
bool has_method(const value& object, const std::string& name);

/// Calls `object.name(...)`; a method that changes its object is not
/// understood, as no template of Hugging Face may do that.
value call_method(work& w, const value& object, arguments& with);

} // namespace nnactor::chat
