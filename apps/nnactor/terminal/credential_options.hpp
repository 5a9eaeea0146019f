#pragma once

#include "nnactor/credentials.hpp"
#include "nnactor/error.hpp"

#include <CLI/CLI.hpp>

#include <string>

namespace nnactor {

/// Adds the options with which a process proves who it is. The environment has
/// their defaults.
void add_credentials(CLI::App& command, credentials& who);

/// Fails unless they can be used. Warns of a key that others can read.
caf::error check_credentials(const credentials& who);

/// What a command that is to be typed needs of them, with a blank before it;
/// nothing where there are none or the environment has them.
std::string words_of(const credentials& who);

} // namespace nnactor
