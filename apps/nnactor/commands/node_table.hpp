#pragma once

#include <CLI/CLI.hpp>

namespace nnactor {

/// Adds `nnactor node table FILE`.
void add_node_table_command(CLI::App& node, int& status);

} // namespace nnactor
