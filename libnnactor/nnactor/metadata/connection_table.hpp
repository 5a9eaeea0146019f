#pragma once

#include "nnactor/error.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace nnactor {

/// Where a node is reached and what proves who it is.
struct server {
  std::string address;    ///< HOST:PORT; "driver" for the driver's process.
  std::string credential; ///< Path of the certificate, empty on loopback.
  /// By which people know the node, from 1, for the life of a run; 0: the
  /// driver. Its index among the servers is another matter: that changes when
  /// nodes come and go.
  uint32_t number = 0;
};

/// "node 2 (10.0.0.5:4700)", or "the driver".
std::string name_of(const server& which);

/// A node's metadata: only the connections between its own groups and remote
/// ones, and where its own groups are. Gate and groups route by it; nothing
/// else knows what is local.
class connection_table {
public:
  /// One edge between a local and a remote group, in the direction in which
  /// activations flow. Neurons do not tell what an end is: there are none in
  /// input, target and loss, nor in a table that is tied to the vocabulary.
  struct connection {
    group_id producer = 0;
    group_id consumer = 0;
    layer_id producer_layer = 0; ///< Of the target, that of the loss.
    layer_id consumer_layer = 0;
    neuron_set producer_neurons;
    neuron_set consumer_neurons;
    node_index remote = 0; ///< The node of the remote end.
    bool outgoing = false; ///< The producer is the local end.
  };

  connection_table() = default;

  /// Computes the table of node `self`.
  connection_table(const network& net, const group_graph& graph,
                   const placement& where, node_index self);

  node_index self() const {
    return self_;
  }

  /// All edges that cross to another node, by (producer, consumer).
  const std::vector<connection>& connections() const {
    return connections_;
  }

  /// Groups of this node, ascending.
  const std::vector<group_id>& local_groups() const {
    return local_groups_;
  }

  /// Where a tensor goes: to groups of this node and, once each, to others.
  struct route {
    std::vector<group_id> groups;
    std::vector<node_index> nodes;
  };

  /// The route of a local group's output, as far as its readers get all of
  /// it; see `edge::cut`.
  const route& forward_of(group_id producer) const;

  /// Local groups that read all of the output of `producer`, local or remote;
  /// empty for a producer that no local group reads.
  const std::vector<group_id>& readers_of(group_id producer) const;

  /// The node of the group at the other end of an edge of a local group, and
  /// of local groups themselves; nothing for a group that no edge reaches.
  std::optional<node_index> node_of(group_id id) const;

  /// Memory that this table takes: it grows with a node's own connections, not
  /// with the cluster.
  size_t bytes() const;

private:
  node_index self_ = 0;
  std::vector<connection> connections_;
  std::vector<group_id> local_groups_;
  std::vector<std::pair<group_id, route>> forward_;                 // sorted
  std::vector<std::pair<group_id, std::vector<group_id>>> readers_; // sorted
  std::vector<std::pair<group_id, node_index>> nodes_;              // sorted
};

} // namespace nnactor
