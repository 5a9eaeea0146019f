#pragma once

#include "nnactor/config/experiment.hpp"
#include "nnactor/credentials.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace nnactor {

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
