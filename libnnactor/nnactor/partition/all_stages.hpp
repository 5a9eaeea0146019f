#pragma once

#include "nnactor/partition/stage_model.hpp"

namespace nnactor {

// Private to this room: the search for the best of all plans of a small job.

/// What every possible stage takes, and which of them make the fastest plan.
class all_stages {
public:
  /// Whether they are so few that looking at all takes less than a second.
  static bool are_few(const stage_model& model);

  explicit all_stages(const stage_model& model);

  struct found {
    double seconds = 0;
    std::vector<stage_end> ends; ///< Empty where no plan fits.
    uint64_t tables = 0;         ///< That it took.
  };

  /// Halves the list of all times again and again. A plan whose slowest stage
  /// takes from `a` to `b` takes as long as the stages together at least that
  /// are best when each takes `b` at most, and m - 1 times `a`: where that is
  /// no less than what has been found, there is nothing better.
  found best() const;

private:
  struct stage {
    uint32_t first_layer, end_layer, first_device, end_device;
    double seconds;
  };

  /// The plan with the least sum of times of which none is above `most`.
  found shortest(double most) const;

  void look(size_t low, size_t high, const std::vector<double>& times,
            found& best) const;

  const stage_model& model_;
  std::vector<stage> stages_; ///< By first layer.
};

} // namespace nnactor
