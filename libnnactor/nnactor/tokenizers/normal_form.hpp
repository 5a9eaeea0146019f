#pragma once

#include "nnactor/error.hpp"

#include <string>
#include <string_view>

namespace nnactor {

/// Composes characters that are written as several code points (NFC, Unicode
/// Standard Annex 15).
/// @pre `text` is UTF-8.
result<std::string> composed(std::string_view text);

} // namespace nnactor
