#pragma once

#include "nnactor/partition/rearrange.hpp"

#include <vector>

namespace nnactor {

/// A better arrangement and what it should bring.
struct rebalancing {
  arrangement next;
  std::vector<double> before;   ///< Seconds a step that each node is busy.
  std::vector<double> expected; ///< The same afterwards.

  /// Expected steps per time over those before, as far as the slowest node
  /// decides it.
  double gain() const;
};

/// Moves work away from the straggler. A node's speed is the work of its
/// groups over the time they took; one without groups counts as the fastest.
/// Whole groups move where that comes close to what is possible, for it keeps
/// the model's bytes; else layers are split in proportion to the speeds.
/// @param busy Seconds a step that the blocks of each group took, by group id.
/// @param devices Used on each node.
rebalancing rebalance(const network& net, const arrangement& from,
                      const std::vector<double>& busy, uint32_t devices);

} // namespace nnactor
