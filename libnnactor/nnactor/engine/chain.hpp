#pragma once

#include "nnactor/engine/group_program.hpp"
#include "nnactor/fwd.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

namespace nnactor {

/// Finds the neuron groups of one node that its devices run in one go: each
/// reads only the one before, on the same device and undelayed, and is read by
/// nobody else than the one after. A chain is cut where the weights of its
/// groups and what passes between them no longer fit the cache: what runs in
/// one go should stay there. Returns every neuron group of the node in exactly
/// one chain, ascending.
/// @param weight_bytes Of one parameter.
/// @param cache_bytes What a chain may take on each device of the node,
///     questions of `defaults::block_rows` rows taken for granted.
std::vector<std::vector<group_id>>
find_chains(const network& net, const group_graph& graph,
            const placement& where, node_index node, uint64_t weight_bytes,
            const std::vector<uint64_t>& cache_bytes);

/// The programs of a chain as one: what is passed on within it crosses no
/// mailbox. Each of its members computes what it would by itself, bit by bit.
/// See `group_program` for the order of calls and what they expect.
class chain {
public:
  /// @pre `members` is not empty
  explicit chain(std::vector<program_ptr> members);

  caf::error check_inputs(const std::vector<tensor>& inputs, piece which,
                          phase why, const round_rows* round = nullptr) const {
    return members_.front()->check_inputs(inputs, which, why, round);
  }

  /// @param round Of phase generate, null in all others.
  tensor forward(device& dev, piece which, phase why,
                 const std::vector<tensor>& inputs,
                 const round_rows* round = nullptr);

  /// Whether one of its members does.
  bool needs_round() const {
    return std::ranges::any_of(members_,
                               [](auto& x) { return x->needs_round(); });
  }

  /// See `group_program::sent`.
  sent_output sent(device& dev, const tensor& output) const {
    return members_.back()->sent(dev, output);
  }

  caf::error check_gradients(piece which,
                             const std::vector<tensor>& gradients) const {
    return members_.back()->check_gradients(which, gradients);
  }

  std::vector<tensor> backward(device& dev, piece which,
                               const std::vector<tensor>& gradients);

  /// Adds the gradients of all pieces of a step before that one which it has
  /// not added yet. Where the step is over, there is none.
  /// @pre `backward` has been called for each
  void accumulate_before(device& dev, uint64_t step, piece end);

  /// By member.
  std::vector<double> squared_gradient_norms(device& dev);

  void update(device& dev, uint64_t step, float scale);

  /// See `group_program::begin`.
  void begin(uint64_t step) {
    step_ = step;
    for (auto& x : members_)
      x->begin(step);
  }

  parameter_set save(size_t member) const {
    return members_[member]->save();
  }

  /// Counts time that a member takes on the device.
  void spend(size_t member, uint64_t ns) {
    busy_ns_[member] += ns;
  }

  /// Time that a member has taken on the device in training.
  uint64_t busy_ns(size_t member) const {
    return busy_ns_[member].load();
  }

private:
  bool summarises() const {
    return members_.back()->summarises();
  }

  tensor answer(device& dev, const std::vector<tensor>& inputs);
  mutable_matrix workspace(device& dev, size_t half, shape of);

  template <class F>
  void timed(size_t member, F f);

  std::vector<program_ptr> members_;
  std::vector<std::atomic<uint64_t>> busy_ns_;
  uint64_t step_ = 0; ///< That comes next or is under way.
  piece accumulated_; ///< The next one of this step.
  /// Between members where nothing is kept: one reads what the other writes.
  byte_buffer workspace_[2];
};

} // namespace nnactor
