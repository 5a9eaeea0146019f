#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/config/experiment.hpp"

#include <string>

namespace nnactor {

/// Of a network's groups, those in the driver's process.
size_t groups_on_driver(const deployed_network& network);

/// A line a layer: name, kind, what it reads, units, parameters; then the sum.
std::string render_network(const network& net);

/// A line a node, and one for the driver's process: address, machine, device,
/// and how much of the network is there.
std::string render_cluster(const deployed_network& network);

/// What the commands to try next are about.
struct next_steps {
  std::string program; ///< As the user calls it.
  std::string model;   ///< Folder of the model.
  bool text = false;   ///< Whether it is a language model.
  std::string table;   ///< A connection table, empty if there is none.
};

/// The commands, each below a line that says what it is good for.
std::string render_next_steps(const next_steps& how);

} // namespace nnactor
