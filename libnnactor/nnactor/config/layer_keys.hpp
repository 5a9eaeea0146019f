#pragma once

#include "nnactor/config/section.hpp"

#include <string>

namespace nnactor {

// Private to this room.

/// Reports the keys of a layer that do not go with its kind, and those that the
/// kind needs.
/// @param kind As the config spells it; empty if it says none.
/// @param tied Whether it is a table that is tied to the vocabulary.
void check_layer_keys(section& from, const std::string& kind, bool tied);

} // namespace nnactor
