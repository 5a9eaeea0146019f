#pragma once

#include "nnactor/error.hpp"
#include "nnactor/neuron/neuron_set.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

/// What a shell can ask of a running job.
enum class command_kind : uint8_t {
  status,
  nodes,
  layers,
  groups,
  neuron,
  pause,
  resume,
  save,
  move_group,
  move_neurons,
  rebalance,
  join,
  leave,
  kill_node,
  help, ///< The shell's own business, as is `quit`.
  quit,
};

/// A node as people name it.
struct node_name {
  uint32_t number = 0; ///< As `nodes` shows it, from 1; 0: not by number.
  std::string address; ///< HOST:PORT; empty: not by address.

  bool operator==(const node_name&) const = default;
};

/// Its number or its address.
std::string to_string(const node_name& what);

/// One line of a shell. Only the fields that its kind names are used.
struct command {
  command_kind kind = command_kind::help;
  node_name node;      ///< move_*, leave, kill_node.
  group_id group = 0;  ///< move_group.
  neuron_id first = 0; ///< move_neurons: both ends included.
  neuron_id last = 0;
  neuron_id neuron = 0; ///< neuron.
  bool all = false;     ///< neuron: every connection, not the first few.
  std::string text;     ///< join: HOST:PORT. help: the command asked about.
};

/// Returns the first word of a command, "move" for both kinds of moves.
const char* to_string(command_kind kind);

/// Reads one line. Fails with `ec::invalid_argument`: what is wrong, the
/// nearest command, how it is written.
result<command> parse_command(std::string_view line);

/// Renders a command so that `parse_command` reads the same.
std::string to_string(const command& what);

/// How a command is written and what it does.
struct command_help {
  const char* name;    ///< "move".
  const char* grammar; ///< "move group ID to NODE".
  const char* what;    ///< One sentence.
};

/// All commands, in the order in which people read about them.
const std::vector<command_help>& all_commands();

/// What the commands of a run can be about.
struct command_words {
  std::vector<std::string> groups; ///< Ids.
  std::vector<std::string> nodes;  ///< Numbers and addresses.
};

/// Returns the words that may come next.
/// @param before The words before it.
std::vector<std::string> next_words(std::string_view before,
                                    const command_words& known);

} // namespace nnactor
