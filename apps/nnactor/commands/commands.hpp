#pragma once

#include "nnactor/address.hpp"
#include "nnactor/config/experiment.hpp"
#include "nnactor/credentials.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace nnactor {

// Each adds one subcommand, in a file of its own. The callback of the one that
// the user names runs it and sets `status`: 0, 1 where a job or a check failed,
// 2 where what the user gave cannot be used.
void add_run_command(CLI::App& parent, int& status);
void add_node_command(CLI::App& parent, int& status);
void add_infer_command(CLI::App& parent, int& status);
void add_generate_command(CLI::App& parent, int& status);
void add_model_command(CLI::App& parent, int& status);
void add_plan_command(CLI::App& parent, int& status);
void add_shell_command(CLI::App& parent, int& status);
void add_status_command(CLI::App& parent, int& status);
void add_devices_command(CLI::App& parent, int& status);
void add_bench_command(CLI::App& parent, int& status);

/// Prints the line of an error, if there is one, and returns the exit status
/// that belongs to it: 0, 1 or 2.
int finish(const caf::error& what);

/// The same for what a job met that had begun: 0 or 1.
int finish_job(const caf::error& what);

/// Prints a line for people who look, which is no part of the output.
void warn(const std::string& what);

/// Adds the options with which a process proves who it is. The environment has
/// their defaults.
void add_credentials(CLI::App& command, credentials& who);

/// Fails unless they can be used. Warns of a key that others can read.
caf::error check_credentials(const credentials& who);

/// What a command that is to be typed needs of them, with a blank before it;
/// nothing where there are none or the environment has them.
std::string words_of(const credentials& who);

/// What an option that takes an address is checked with, and brought into the
/// one form in which addresses are compared.
CLI::Validator address_form(port_zero zero);

/// The options with which a command finds nodes for a saved model.
struct node_options {
  std::vector<std::string> addresses; ///< Of running nodes.
  uint32_t local = 1;                 ///< Nodes to start if there are none.
  uint32_t parts = 0;                 ///< Of the split; 0: the model's own.
  credentials who;

  void add_to(CLI::App& command, bool with_local);

  /// Where the nodes are. Fails on credentials that cannot be used.
  result<cluster_settings> read() const;
};

/// The options with which a command is told of an experiment.
struct experiment_options {
  std::string config;
  std::vector<override_text> overrides;
  node_options nodes;

  void add_to(CLI::App& command);

  /// Reads the config, with the nodes of the command line in place of its own.
  result<experiment> read() const;
};

} // namespace nnactor
