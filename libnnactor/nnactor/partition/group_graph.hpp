#pragma once

#include "nnactor/network/network.hpp"
#include "nnactor/partition/distribution.hpp"
#include "nnactor/tensor/column_span.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace nnactor {

/// Index into `group_graph::groups`; its order is the canonical order of
/// every sum over groups.
using group_id = uint32_t;

/// Which node of a cluster, in the order of the placement.
using node_index = uint32_t;

enum class group_kind : uint8_t {
  input,   ///< The driver's end of the data; also receives the results.
  target,  ///< The driver's end of the labels.
  neurons, ///< Neurons of one layer in one part.
  loss,    ///< The loss layer, never split.
};

/// A connection between two groups, as one of them sees it.
struct edge {
  group_id group = 0;   ///< At the other end.
  uint32_t delay = 0;   ///< Time steps on the way; see `layer::delays`.
  uint64_t columns = 0; ///< That cross it forward, and gradients of backward.
  /// Where they come from and go to, ascending in both. Where spans of several
  /// edges meet in a column of the consumer, they are added (`tree_sum`).
  /// Empty: it is all of the producer's, beside those of other edges.
  shared_spans spans = {};
  /// Only some of the producer's columns cross it, so they are sent to that
  /// consumer alone.
  bool cut = false;
  /// It leads from a vocabulary to the loss: all columns cross it when a
  /// question is answered, else `told_columns` and `asked_columns`.
  bool summarised = false;

  /// Of what `device::softmax_summary` tells, and of the norm that
  /// `device::softmax_gradient` asks for.
  static constexpr uint64_t summary_columns = 4;
  static constexpr uint64_t norm_columns = 2;

  /// Columns that cross it forward in training and validation.
  uint64_t told_columns() const {
    return summarised ? summary_columns : columns;
  }

  /// Columns that cross it backward.
  uint64_t asked_columns() const {
    return summarised ? norm_columns : columns;
  }

  friend bool operator==(const edge&, const edge&) = default;
};

/// A unit of placement: one actor.
struct group {
  group_id id = 0;
  group_kind kind = group_kind::neurons;
  layer_id layer = 0;
  uint32_t part = 0;            ///< Part of the partition it belongs to.
  neuron_set neurons;           ///< Empty unless `kind` is neurons.
  uint64_t width = 0;           ///< Columns of what it computes.
  std::vector<edge> upstream;   ///< From producers of inputs, in column order.
  std::vector<edge> downstream; ///< To consumers of its output, ascending.
  /// Of a group of a vocabulary, the one of the table that is tied to it, and
  /// the other way: they share parameters, so they have the same seat.
  std::optional<group_id> twin = {};

  /// Whether its parameters are those of its twin.
  bool borrows() const {
    return twin && *twin > id;
  }
};

/// The groups at the other ends.
std::vector<group_id> ends_of(const std::vector<edge>& edges);

/// The groups of a partitioned network and their edges. Group 0 is the input,
/// group 1 the target, then neuron groups by (layer, part), the loss last.
struct group_graph {
  std::vector<group> groups;
  uint32_t time_steps = 1; ///< Of an example.
  uint32_t context = 1;    ///< Rows of an example.

  static constexpr group_id input_group = 0;
  static constexpr group_id target_group = 1;

  group_id loss_group() const {
    return static_cast<group_id>(groups.size() - 1);
  }
};

/// Cuts every part into one group a layer. A group reads all groups of its
/// layer's inputs, a stream only those columns that are its own; a sparse one
/// only those that some of its neurons read and at least one that is not
/// delayed, so there may be groups that nobody reads. The loss group joins the
/// part that holds most of the output layer (the lowest of equals); it reads
/// the groups of that layer, then the target, and answers inference to the
/// input group. Groups of a vocabulary read the target, too, after all others.
/// Downstream lists hold all edges; upstream lists all but that answer.
/// @pre `parts` holds every neuron of `net` exactly once
group_graph make_group_graph(const network& net, const partition& parts);

/// Whether a group tells the driver when its backward pass of a micro-batch is
/// over: those that read the input come last of all that anybody waits for, and
/// those that nobody reads are waited for by no other. So all are heard of, and
/// none falls behind by more than the window.
bool closes_micro_batch(const group& what);

/// Those groups, ascending.
std::vector<group_id> closing_groups(const group_graph& graph);

/// Where each group is: an index into the nodes of the cluster, the driver's
/// process being the last, and a device of that node.
struct placement {
  struct seat {
    node_index node = 0;
    uint32_t device = 0;
    friend bool operator==(const seat&, const seat&) = default;
  };
  std::vector<seat> seats; ///< By group id.
  uint32_t nodes = 0;      ///< Number of nodes without the driver.

  node_index driver() const {
    return nodes;
  }
};

/// Puts groups whose parameters are another's where those are.
void seat_twins(const group_graph& graph, placement& where);

/// Puts part `i` on node `i mod nodes`. Where nodes get several parts, these go
/// to a node's devices in turn, else its groups do; input and target go to the
/// driver.
/// @pre `nodes > 0 && devices_per_node > 0`
placement place(const group_graph& graph, uint32_t nodes,
                uint32_t devices_per_node);

/// Puts every part where `by_part` says; input and target go to the driver.
placement place(const group_graph& graph, uint32_t nodes,
                const std::vector<placement::seat>& by_part);

} // namespace nnactor
