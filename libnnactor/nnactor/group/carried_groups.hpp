#pragma once

#include "nnactor/engine/group_program.hpp"

#include <memory>
#include <vector>

namespace nnactor {

/// Programs that a node keeps from one deployment of a job to the next, so
/// that only what moves has to be read from the store.
struct carried_groups {
  struct entry {
    layer_id layer = 0;
    neuron_set neurons;
    std::shared_ptr<group_program> program;
  };

  bool same_partition = false; ///< Programs serve as they are.
  std::vector<entry> entries;

  /// Returns the program of the same neurons, null if there is none.
  const entry* find(const group& wanted) const {
    for (auto& x : entries)
      if (x.layer == wanted.layer && x.neurons == wanted.neurons)
        return &x;
    return nullptr;
  }
};

} // namespace nnactor
