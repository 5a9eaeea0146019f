#pragma once

#include "nnactor/cluster/survivors.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>

namespace nnactor {

/// How a job that has lost nodes comes to run on the others, for training and
/// for answers alike:
///
///   whole --(a node is lost, a deployment is broken off)--> broken
///   broken --(attempt)--> trying, unless another attempt is still out
///   trying --(all is set up)--> whole
///   trying --(failed)--> broken; tried again while the reason may pass
///   trying --(a node is lost)--> broken, once the attempt is over: whatever it
///     has brought is out of date
///
/// It knows no actor: `redeploy` sends what an attempt needs.
class recovery {
public:
  using time = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// A node is gone. Returns false if that is known already.
  bool lose(const std::string& address, time now);

  /// Nodes may be in different epochs, so that all need another one.
  void break_off(time now);

  /// Whether the job has to be set up anew.
  bool is_broken() const {
    return since_.has_value();
  }

  /// Counts what was lost or broken off: whoever asked something before a
  /// change of this does nothing with the answer after it.
  uint64_t disturbances() const {
    return disturbances_;
  }

  /// Where the groups of a broken job are to be. Fails with `ec::node_lost` if
  /// no node is left.
  result<rearrangement> plan(const deployment& job, uint32_t devices) const {
    return survivors_of(job, lost_, devices);
  }

  /// An attempt to set the job up, broken or not; one at a time.
  /// @pre not `is_trying`
  void start_attempt();

  bool is_trying() const {
    return attempt_.has_value();
  }

  /// Whether something was lost since the attempt began.
  bool is_overtaken() const {
    return attempt_ != disturbances_;
  }

  /// The attempt is over. Returns false if it was overtaken, so that whatever
  /// has come of it is of no use.
  bool end_attempt();

  /// Whether an attempt that failed so may succeed later: another node may be
  /// gone without our knowing it yet, or the store does not answer for a while.
  bool may_pass(const caf::error& why, time now, duration patience) const;

  /// What it took.
  struct summary {
    duration took{};
    bool lost_nodes = false;
  };

  /// The job is whole again.
  /// @pre `is_broken`
  summary succeed(time now);

private:
  std::set<std::string> lost_; ///< Their addresses.
  std::optional<time> since_;  ///< When it broke.
  uint64_t disturbances_ = 0;
  /// Disturbances when the attempt began that is out.
  std::optional<uint64_t> attempt_;
};

} // namespace nnactor
