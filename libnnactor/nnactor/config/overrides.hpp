#pragma once

#include "nnactor/error.hpp"

#include <toml++/toml.h>

#include <string>

namespace nnactor {

/// Sets one value of a config as the command line tells it, for example
/// "train.steps=50". The value is TOML; what is not TOML is taken as a string,
/// so that paths and names need no quotes. The position of the value becomes
/// "--set train.steps". Fails with `ec::invalid_config`.
caf::error apply_override(toml::table& config, const std::string& setting);

} // namespace nnactor
