#pragma once

#include "nnactor/engine/settings.hpp"
#include "nnactor/partition/rearrange.hpp"

#include <cstdint>
#include <vector>

namespace nnactor {

/// What a node holds while a network trains; bytes.
struct node_footprint {
  uint64_t groups = 0;
  uint64_t neurons = 0;
  uint64_t parameters = 0;
  uint64_t weights = 0;
  uint64_t gradients = 0;
  uint64_t optimizer = 0;   ///< State of the optimizer.
  uint64_t activations = 0; ///< Of all micro-batches in flight.
  uint64_t buffers = 0;     ///< Of links, at their fullest.

  uint64_t total() const {
    return weights + gradients + optimizer + activations + buffers;
  }
};

/// Tensors that cross from one node to another in a step of training; bytes
/// as a run counts them.
struct link_traffic {
  node_index from = 0;
  node_index to = 0;
  uint64_t forward = 0;  ///< Activations, inputs, targets and losses.
  uint64_t backward = 0; ///< Gradients.
};

/// Returns the bytes of optimizer state a parameter has.
uint64_t optimizer_bytes(optimizer_kind kind);

/// By node index, without the driver.
std::vector<node_footprint> footprints(const network& net,
                                       const arrangement& on,
                                       const train_settings& how);

/// By (from, to), the driver included; pairs that exchange nothing are left
/// out.
std::vector<link_traffic> traffic(const arrangement& on,
                                  const train_settings& how);

} // namespace nnactor
