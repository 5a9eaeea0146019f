#pragma once

#include "nnactor/error.hpp"

#include <toml++/toml.h>

#include <string>

namespace nnactor {

/// Parses the text of a config; fails with `ec::invalid_config` and the place.
/// @param name Stands before every position.
result<toml::table> parse_toml(const std::string& text,
                               const std::string& name);

} // namespace nnactor
