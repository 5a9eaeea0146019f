#pragma once

#include "nnactor/error.hpp"

#include <CLI/CLI.hpp>

namespace nnactor {

// Each adds one subcommand, in a file of its own. The callback of the one that
// the user names runs it and sets `status`: 0, 1 where a job or a check failed,
// 2 where what the user gave cannot be used.
void add_run_command(CLI::App& parent, int& status);
void add_node_command(CLI::App& parent, int& status);
void add_infer_command(CLI::App& parent, int& status);
void add_generate_command(CLI::App& parent, int& status);
void add_tokenize_command(CLI::App& parent, int& status);
void add_model_command(CLI::App& parent, int& status);
void add_plan_command(CLI::App& parent, int& status);
void add_shell_command(CLI::App& parent, int& status);
void add_status_command(CLI::App& parent, int& status);
void add_devices_command(CLI::App& parent, int& status);
void add_bench_command(CLI::App& parent, int& status);

/// Adds `nnactor node table FILE`.
void add_node_table_command(CLI::App& node, int& status);

/// Prints the line of an error, if there is one, and returns the exit status
/// that belongs to it: 0, 1 or 2.
int finish(const caf::error& what);

/// The same for what a job met that had begun: 0 or 1.
int finish_job(const caf::error& what);

} // namespace nnactor
