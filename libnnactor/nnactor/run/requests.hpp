#pragma once

#include "nnactor/run/statuses.hpp"
#include "nnactor/shell/command.hpp"

#include <caf/typed_response_promise.hpp>

#include <nlohmann/json.hpp>

#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace nnactor {

/// A shell that waits for an answer, or the run itself.
class reply {
public:
  explicit reply(caf::typed_response_promise<std::string> promise)
      : promise_(std::move(promise)) {
  }

  /// Of the run itself, which needs to know only what was not done.
  explicit reply(std::function<void(const caf::error&)> refused)
      : refused_(std::move(refused)) {
  }

  void tell(const nlohmann::json& answer) const;
  void refuse(const caf::error& why) const;

private:
  mutable std::optional<caf::typed_response_promise<std::string>> promise_;
  std::function<void(const caf::error&)> refused_;
};

/// What is asked of a run and happens between two steps.
struct request {
  command what;
  reply shell;
  uint64_t not_before = 0; ///< Step at which it is due.
  /// Rebalance: what every node had done when it was asked.
  node_statuses first_look = {};
};

/// Requests in the order in which they came.
class request_queue {
public:
  void add(request what) {
    all_.push_back(std::move(what));
  }

  bool empty() const {
    return all_.empty();
  }

  /// Removes and returns the oldest that is due.
  /// @param last After this step there is no other.
  std::optional<request> take(uint64_t step, bool last);

  /// The step, `step` or later, at which one is due; none: the largest number.
  uint64_t next_due(uint64_t step) const;

  void refuse_all(const caf::error& why);

private:
  std::deque<request> all_;
};

} // namespace nnactor
