#pragma once

#include "nnactor/run/moves.hpp"
#include "nnactor/run/redeploy.hpp"
#include "nnactor/run/requests.hpp"

#include <functional>
#include <optional>

namespace nnactor {

/// Who waits for a generation of this very step, and what if there is none.
struct commit_waiter {
  std::function<void()> then;
  std::function<void(const caf::error&)> otherwise;
};

/// A move on its way.
struct moving {
  request why;
  planned_move what = {};
  nlohmann::json answer = {};
  std::chrono::steady_clock::time_point start = {};
};

/// Carries moves out between two steps, one at a time:
///
///   idle --begin--> saving: groups that move go on from a generation
///   saving --(it is on the store)--> setting up, under a new epoch
///   saving --(it is not)--> idle: refused, nothing has changed
///   setting up --(no epoch is to be had)--> idle: refused, nothing has changed
///   setting up --(all nodes are)--> idle: moved
///   setting up --(a node is lost, a newcomer cannot be set up)--> idle: called
///     off; a new epoch may have begun for some nodes, so that all need another
///   setting up --(anything else goes wrong)--> the run fails
///   any --drop--> idle: a node was lost, or the run is over
class mover {
public:
  /// What a move does to the run; it calls one of the last four in the end.
  struct effects {
    std::function<void(commit_waiter)> commit;
    std::function<void(const rearrangement& to,
                       std::function<void(const caf::error&)> unclaimed,
                       const redeployed& who)>
        set_up;
    std::function<void()> disturbed; ///< Something was lost meanwhile.
    std::function<void(moving, const deployed_ptr&)> moved;
    std::function<void(moving, const caf::error&)> refused;
    std::function<void(moving, const caf::error&)> called_off;
    std::function<void(const caf::error&)> failed;
  };

  mover() = default;
  explicit mover(effects run) : run_(std::move(run)) {
  }

  /// @pre none is under way
  void begin(moving what);

  /// Tells whoever has asked for it that it will not be.
  void drop(const caf::error& why);

private:
  moving take();
  void fail(const caf::error& why);

  effects run_;
  std::optional<moving> move_; ///< Answers without it are too late.
};

} // namespace nnactor
