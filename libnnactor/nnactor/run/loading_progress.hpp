#pragma once

#include "nnactor/run/progress.hpp"

#include <map>
#include <utility>

namespace nnactor {

/// Adds up what nodes say of how much they have read.
class loading_progress {
public:
  /// Returns the event to tell; of an epoch that is over, nothing.
  progress_ptr add(uint64_t epoch, node_index node, uint64_t bytes,
                   uint64_t of) {
    if (epoch < epoch_)
      return nullptr;
    if (epoch > epoch_)
      nodes_.clear();
    epoch_ = epoch;
    nodes_[node] = {bytes, of};
    auto out = std::make_shared<progress>();
    out->what = progress::kind::loading;
    for (auto& [index, share] : nodes_) {
      out->bytes += share.first;
      out->of += share.second;
    }
    return out;
  }

private:
  uint64_t epoch_ = 0;
  std::map<node_index, std::pair<uint64_t, uint64_t>> nodes_;
};

} // namespace nnactor
