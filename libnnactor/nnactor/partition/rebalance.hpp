#pragma once

#include "nnactor/partition/rearrange.hpp"

#include <vector>

namespace nnactor {

/// A better arrangement and what it should bring.
struct rebalancing {
  arrangement next;
  std::vector<double> before;   ///< Seconds a step that each node is busy.
  std::vector<double> expected; ///< The same afterwards.

  double gain = 1; ///< Expected steps per time over those before.
};

/// Moves work away from the straggler. A node's speed is the work of its
/// groups over the time they took; one without groups counts as the fastest.
/// Whole groups move where that comes close to what is possible, for it keeps
/// the model's bytes; else layers are split in proportion to the speeds. A step
/// is taken to last as long as the busiest node works, plus the time in which
/// one micro-batch passes all layers, each as slow as its slowest group.
/// @param busy Seconds a step that the blocks of each group took, by group id.
/// @param micro_batches In flight at once.
/// @param devices Used on each node.
rebalancing rebalance(const network& net, const arrangement& from,
                      const std::vector<double>& busy, uint32_t micro_batches,
                      uint32_t devices);

} // namespace nnactor
