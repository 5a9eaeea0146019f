#pragma once

#include "nnactor/group/loss_group.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace nnactor {

/// What has come back of the training steps that are under way, in any order.
class open_steps {
public:
  /// What a step brings.
  struct yield {
    size_t losses = 0; ///< Of all micro-batches and their time steps.
    size_t micro_batches = 0;
    size_t closing = 0; ///< Groups that return credit for each micro-batch.
    size_t norms = 0;   ///< Of groups; 0: gradients are not clipped.
  };

  /// What has come of one.
  struct results {
    std::map<piece, loss_value> losses;
    std::map<group_id, double> norms;
    std::map<uint32_t, std::set<group_id>> credits; ///< By micro-batch.
  };

  void expect(yield what) {
    expected_ = what;
  }

  const yield& expected() const {
    return expected_;
  }

  /// By step. What comes for a step that is not in it changes nothing.
  const std::map<uint64_t, results>& all() const {
    return all_;
  }

  void begin(uint64_t step) {
    all_[step];
  }

  void clear() {
    all_.clear();
  }

  void add_loss(uint64_t step, piece of, loss_value value);

  /// Returns the norms of all groups, by id, when this was the last.
  std::vector<double> add_norm(uint64_t step, group_id group, double norm);

  /// Returns whether the micro-batch is back from all groups now.
  bool add_credit(uint64_t step, uint32_t micro_batch, group_id group);

  /// Returns the sum over all examples and time steps, nothing before the last
  /// loss is there.
  std::optional<double> loss_of(uint64_t step) const;

  /// Removes a step of which everything is back; returns whether it is.
  bool close(uint64_t step);

private:
  results* find(uint64_t step);

  yield expected_;
  std::map<uint64_t, results> all_;
};

} // namespace nnactor
