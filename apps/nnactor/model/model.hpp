#pragma once

#include <CLI/CLI.hpp>

namespace nnactor {

/// Adds `nnactor model info|verify|dump|export|import PATH` and `failpoints`.
/// The callback that runs sets `status`: 0, 1 where something is damaged, 2
/// where there is no model or the arguments do not fit it.
void add_model_command(CLI::App& parent, int& status);

} // namespace nnactor
