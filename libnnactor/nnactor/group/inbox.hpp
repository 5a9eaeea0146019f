#pragma once

#include "nnactor/messages/message_types.hpp"

#include <map>
#include <optional>
#include <vector>

namespace nnactor {

/// Collects the tensors that a group needs for each time step of each
/// micro-batch, one from every sender, whatever their order of arrival. Who
/// sends labels is not waited for when a question is answered.
class inbox {
public:
  /// @param senders In the order in which `take` returns their tensors.
  /// @param way A tensor of a delayed sender is needed so many time steps after
  ///     its own (forward) or before it (backward).
  /// @param time_steps Of an example.
  explicit inbox(std::vector<edge> senders, direction way = direction::forward,
                 uint32_t time_steps = 1);

  /// Returns the work that needs what `sender` sends of `work`; nothing if
  /// that would be outside of the example.
  std::optional<work_id> due(const work_id& work, group_id sender) const;

  /// Returns how many senders a time step of an example waits for.
  size_t expected(const work_id& work) const;

  enum class outcome {
    waiting,   ///< Others are missing.
    complete,  ///< That was the last one.
    duplicate, ///< Seen before; dropped.
    stranger,  ///< Not one of the senders; dropped.
  };

  outcome put(const work_id& work, group_id sender, tensor value);

  /// Removes and returns the tensors of a complete micro-batch, nothing if it
  /// is not complete. Senders that are not expected have an empty one.
  std::optional<std::vector<tensor>> take(const work_id& work);

  /// Complete micro-batches of a step, ascending.
  std::vector<work_id> complete_of(uint64_t step) const;

  /// Drops whatever belongs to steps before `step`.
  void forget_before(uint64_t step);

  /// Number of pieces of work of which something is here.
  size_t size() const {
    return open_.size();
  }

  /// Names a sender that the oldest incomplete micro-batch waits for.
  std::optional<std::pair<work_id, group_id>> missing() const;

private:
  struct slots {
    std::vector<std::optional<tensor>> values;
    size_t filled = 0;
    size_t expected = 0;
  };

  bool is_expected(const work_id& work, size_t sender) const;

  void remember(const work_id& work);
  bool remembers(const work_id& work) const;

  /// Of the time step of what a sender sends, to that which needs it.
  int64_t shift_of(size_t sender) const {
    auto delay = static_cast<int64_t>(senders_[sender].delay);
    return way_ == direction::forward ? delay : -delay;
  }

  std::vector<edge> senders_;
  direction way_;
  bool always_all_; ///< Whether every piece of work needs every sender.
  uint32_t time_steps_;
  std::map<work_id, slots> open_;
  /// The newest work that was taken, to recognise duplicates, and marks by
  /// which to find it: looked through for every tensor that arrives.
  std::vector<work_id> taken_;
  std::vector<uint64_t> marks_;
  size_t next_taken_ = 0;
};

} // namespace nnactor
