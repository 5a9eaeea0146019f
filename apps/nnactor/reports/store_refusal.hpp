#pragma once

#include "nnactor/error.hpp"
#include "nnactor/store/store_check.hpp"

#include <string>

namespace nnactor {

/// Says who is in the way of a run in this folder, what is there, and which
/// ways on `nnactor run` has.
caf::error refusal_of(const std::string& folder, const store_conflict& what);

} // namespace nnactor
