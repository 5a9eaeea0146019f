#pragma once

#include "nnactor/fwd.hpp"
#include "nnactor/partition/group_graph.hpp"
#include "nnactor/store/manifest.hpp"

#include <caf/error.hpp>

#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace nnactor {

/// The generations of a run: those on the store, and the one that is being
/// written while training goes on. One at a time:
///
///   none --begin--> writing
///   writing --(every node has written its slices, and they are known to be
///     sound)--> committing
///   writing --(every node has answered, one could not write)--> none: given up
///   writing --drop, when a node is lost: its slices will not come--> none
///   committing --(the store has it)--> none: committed
///   committing --(the store cannot be written)--> none: given up
///
/// A commit is a matter between the store and the driver, so a lost node does
/// not end it. One that is given up leaves its number to the next.
class generation_writer {
public:
  /// A state of the model on the store; all 0: none.
  struct saved {
    uint64_t step = 0;
    uint64_t generation = 0;
  };

  /// What is to be done.
  enum class advice : uint8_t { wait, commit, give_up };

  generation_writer() = default;

  /// @param first What the run begins with.
  /// @param newest Number of the newest generation on the store.
  /// @param keep Generations that stay readable.
  generation_writer(saved first, uint64_t newest, uint32_t keep)
      : first_(first), highest_(newest), keep_(keep) {
  }

  // -- the one under way ------------------------------------------------------

  /// @param next Gets its number.
  /// @param verified Whether its parameters are known to be sound; else the
  ///        next loss must show it.
  /// @pre none is under way
  /// @returns what to `hold` it by: a number may be tried again.
  uint64_t begin(manifest next, size_t nodes, bool verified);

  bool is_under_way() const {
    return under_way_.has_value();
  }

  /// @pre `is_under_way`
  uint64_t number() const {
    return under_way_->what->generation;
  }

  /// The step whose parameters are written.
  /// @pre `is_under_way`
  uint64_t step() const {
    return under_way_->what->step;
  }

  /// A node has taken the request of that attempt: no later step can overtake
  /// it there. Returns whether it was the last one that had to.
  bool hold(uint64_t attempt);

  bool is_held() const {
    return unasked_ == 0;
  }

  /// Whether that node owes an answer for that generation.
  bool expects(uint64_t number, node_index node) const;

  /// A node has written its slices, or could not.
  /// @pre `expects`
  advice add(node_index node, const std::vector<slice>& slices);
  advice fail(node_index node, caf::error why);

  /// Nothing that follows can show more.
  advice verify();

  /// The loss of a step was finite.
  advice verify_by(uint64_t step);

  /// Why a node could not write.
  /// @pre `is_under_way`
  const caf::error& fault() const {
    return under_way_->fault;
  }

  /// A node that has not written yet.
  std::optional<node_index> missing() const;

  /// Hands out what is to be committed.
  /// @pre that was the advice
  manifest_ptr commit();

  /// Forgets it, unless it is being committed already.
  void drop();

  void committed(saved what);
  void give_up(caf::error why);

  // -- what there is ----------------------------------------------------------

  /// The state to go back to.
  saved last_good() const {
    return committed_.empty() ? first_ : committed_.back();
  }

  /// Whether the last that this run has saved is of that step.
  bool has(uint64_t step) const {
    return !committed_.empty() && committed_.back().step == step;
  }

  /// The last one that was committed is damaged: takes it back. Returns its
  /// number, nothing if there is none that this run has committed.
  std::optional<uint64_t> pass_over();

  /// Why the last attempt to save failed; empty if it did not.
  const caf::error& failure() const {
    return failure_;
  }

private:
  struct writing {
    std::shared_ptr<manifest> what;
    size_t nodes = 0;
    std::set<node_index> answered;
    bool verified = false;
    bool committing = false;
    caf::error fault = {};
  };

  advice next() const;

  saved first_;
  uint64_t highest_ = 0; ///< Newest number committed.
  uint32_t keep_ = 1;
  std::vector<saved> committed_; ///< By this run and still there, ascending.
  std::optional<writing> under_way_;
  uint64_t attempt_ = 0; ///< To write a generation; the newest.
  size_t unasked_ = 0;   ///< Nodes that have not taken its request.
  caf::error failure_;
};

} // namespace nnactor
