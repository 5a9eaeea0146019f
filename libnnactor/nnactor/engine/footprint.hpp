#pragma once

#include "nnactor/engine/settings.hpp"
#include "nnactor/partition/rearrange.hpp"

#include <cstdint>
#include <vector>

namespace nnactor {

/// What a node's process is like without a job.
struct node_frame {
  uint64_t memory = 0; ///< That it takes, in bytes.
  uint64_t cache = 0;  ///< Of a device, for weights; see `find_chains`.
};

/// What a node holds while a network trains, or answers; bytes, each part at
/// its fullest.
struct node_footprint {
  uint64_t groups = 0;
  uint64_t neurons = 0;
  uint64_t parameters = 0;
  uint64_t process = 0; ///< What it takes for the smallest of jobs.
  uint64_t weights = 0;
  uint64_t gradients = 0;
  uint64_t optimizer = 0;  ///< State of the optimizer.
  uint64_t saving = 0;     ///< Copies that are being written to the store, or
                           ///< where nothing learns are read from it.
  uint64_t training = 0;   ///< Values of the micro-batches in flight.
  uint64_t validation = 0; ///< In place of those; where nothing learns, values
                           ///< of what is asked.
  uint64_t buffers = 0;    ///< Of links.
  uint64_t cache = 0;      ///< Keys and values of texts that are written.

  uint64_t activations() const {
    return training > validation ? training : validation;
  }

  /// That grows with the neurons that it has.
  uint64_t model() const {
    return weights + gradients + optimizer + saving;
  }

  uint64_t total() const {
    return process + model() + activations() + buffers + cache;
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

/// Returns the bytes a parameter takes: itself, its gradient, its state, and
/// the copy that is being saved.
uint64_t parameter_bytes(optimizer_kind kind);

/// Returns what a process takes for the smallest of jobs.
uint64_t process_bytes(const node_frame& without_a_job);

/// By node index, without the driver.
/// @param asked Examples that a validation goes through; where nothing learns,
///     of a question.
/// @param frames By node index.
std::vector<node_footprint>
footprints(const network& net, const arrangement& on, const train_settings& how,
           uint64_t asked, const std::vector<node_frame>& frames);

/// By (from, to), the driver included; pairs that exchange nothing are left
/// out.
std::vector<link_traffic> traffic(const network& net, const arrangement& on,
                                  const train_settings& how);

} // namespace nnactor
