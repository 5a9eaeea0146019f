#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/engine/initial_parameters.hpp"
#include "nnactor/engine/loss_value.hpp"
#include "nnactor/engine/parameters.hpp"
#include "nnactor/engine/phase.hpp"
#include "nnactor/engine/piece.hpp"
#include "nnactor/engine/round.hpp"
#include "nnactor/engine/settings.hpp"
#include "nnactor/error.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <memory>
#include <vector>

namespace nnactor {

/// What readers get of an output: all of it, or what is for one of them alone
/// (see `edge::cut`).
struct sent_output {
  tensor whole;             ///< Empty if nobody reads all of it.
  std::vector<tensor> cuts; ///< By downstream edge, empty where it is whole.

  const tensor& across(size_t edge) const {
    return cuts[edge].empty() ? whole : cuts[edge];
  }
};

/// What a group computes, without any notion of where: the pure side of a
/// neuron-group actor. It takes tensors from anywhere and leaves its results in
/// the memory of the device: whoever needs them elsewhere fetches them. The
/// actor guarantees the order of calls; whoever calls runs it on the group's
/// device, one call at a time. What a device throws (see device.hpp) passes
/// through every member that takes one; the program is of no use afterwards.
class group_program {
public:
  /// Prepares group `id`. One that borrows parameters needs `borrow`, too.
  group_program(const network& net, const group_graph& graph, group_id id,
                const train_settings& how, initial values = initial::drawn);

  ~group_program();

  /// Takes the parameters of its twin for its own, see `group::borrows`. Both
  /// are run on the same device.
  /// @pre the twin's neurons have the twin's parameters
  void borrow(const std::shared_ptr<group_program>& owner);

  /// Checks that `inputs` are what the upstream groups must send: one tensor
  /// each, in the order of `upstream`, right in dtype and shape, tokens in
  /// range, equally many rows, at most 65536; an empty one for what is delayed
  /// and has not begun yet, and for labels when a question is answered.
  /// Whatever comes from the network passes here first. Fails with
  /// `ec::protocol_violation`.
  /// @param round What a question of phase `generate` is about; null where
  ///     nobody needs it.
  caf::error check_inputs(const std::vector<tensor>& inputs, piece which = {},
                          phase why = phase::train,
                          const round_rows* round = nullptr) const;

  /// Whether it computes rows of a round only where that is known.
  bool needs_round() const;

  /// Computes the output [output rows, width] for one micro-batch, or a summary
  /// of it where that is what is told (`edge::summarised`), and, in training,
  /// keeps what its backward pass needs.
  /// @pre `check_inputs(inputs, which, why, round)` found nothing
  tensor forward(device& dev, piece which, phase why,
                 const std::vector<tensor>& inputs,
                 const round_rows* round = nullptr);

  /// Returns what readers get of an output.
  sent_output sent(device& dev, const tensor& output) const;

  /// Returns the rows of its output: those of a stream's norm come after those
  /// of the data, see `layer::norm_rows`.
  /// @pre `check_inputs(inputs)` found nothing
  uint64_t output_rows(const std::vector<tensor>& inputs) const;

  /// The same, where it reads one tensor of so many rows.
  uint64_t output_rows(uint64_t read) const;

  /// What it brings together before it computes; nothing where it reads what
  /// one group sends as it comes.
  shape gathers(const std::vector<tensor>& inputs) const;

  /// Computes the output y[output rows, width] of one micro-batch, keeping
  /// nothing.
  /// @param gathered Space for `gathers(inputs)`.
  /// @pre `check_inputs(inputs)` found nothing
  void answer(device& dev, const std::vector<tensor>& inputs,
              mutable_matrix gathered, mutable_matrix y);

  /// The same from x[r,columns].
  /// @pre it reads one tensor of values
  void pass(device& dev, matrix x, mutable_matrix y);

  /// Columns of the output.
  uint64_t width() const;

  /// Whether what it tells in training and validation is a summary.
  bool summarises() const;

  /// Of an example.
  uint32_t time_steps() const;

  /// Checks that `gradients` has one f32 tensor per downstream group, shaped
  /// like what that got of the output of that micro-batch, or an empty one
  /// where the group would need it after the end of the example, and that the
  /// micro-batch waits for them. Fails with `ec::protocol_violation`.
  caf::error check_gradients(piece which,
                             const std::vector<tensor>& gradients) const;

  /// Sums the gradients of the downstream groups in canonical order (see
  /// `tree_sum`) and returns the gradient of each upstream group's output: one
  /// tensor per entry of `upstream`, in that order, empty (0 x 0) for upstream
  /// groups that do not learn and for what was delayed and had not begun. So
  /// gradients go back in time as far as the example does: back-propagation
  /// through time (Werbos, Proc. IEEE 1990), truncated there.
  /// @pre `check_gradients(which, gradients)` found nothing
  std::vector<tensor> backward(device& dev, piece which,
                               const std::vector<tensor>& gradients);

  /// Adds the gradient of the parameters for one piece; called in the order of
  /// pieces, after `backward` of each.
  void accumulate(device& dev, piece which);

  /// Returns the squared norm of the accumulated gradient.
  double squared_gradient_norm(device& dev);

  /// Updates parameters and optimizer state for step `step` (0-based) with
  /// the accumulated gradient times `scale`, then clears the gradient. Weight
  /// decay does not apply to biases.
  void update(device& dev, uint64_t step, float scale);

  /// Says which step of training comes next where it is not the first, or that
  /// after the last `update`: dropout depends on it.
  void begin(uint64_t step);

  /// Copies parameters and optimizer state out: "weight" [units, row_width],
  /// "bias" [units, 1] where the layer has one, and for each of them "adam.m."
  /// and "adam.v." (adam, adamw) or "sgd.v." before its name.
  parameter_set save() const;

  /// Takes over the parameters of a saved model and, where it learns, the
  /// optimizer state if it is there, else starts that at 0. Fails with
  /// `ec::invalid_argument` on another group's, a missing or a misshapen one,
  /// and then changes nothing.
  caf::error load(const parameter_set& saved);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Tells programs of a graph that borrow parameters whose these are.
/// @param program_of Returns the program of a group as a shared pointer, null
///     for groups that are not here.
template <class F>
void lend_parameters(const group_graph& graph, F program_of) {
  for (const auto& x : graph.groups)
    if (x.borrows())
      if (auto borrower = program_of(x.id))
        borrower->borrow(program_of(*x.twin));
}

/// The pure side of the loss group; see `group_program` for where tensors are.
class loss_program {
public:
  loss_program(const network& net, const group_graph& graph,
               const train_settings& how);

  ~loss_program();

  /// Checks the outputs of the upstream neuron groups (all of `upstream` but
  /// the target group, in that order) and, unless it is a question, the
  /// targets: i32 [rows, 1] labels for classes; for mean squared error f32
  /// [rows, outputs], or labels, which stand for 1 at the label and 0
  /// elsewhere. Fails with `ec::protocol_violation`.
  caf::error check(phase why, const std::vector<tensor>& outputs,
                   const tensor& targets) const;

  struct outcome {
    loss_value value;
    std::vector<tensor> gradients; ///< Per output, only in training.
  };

  /// Computes loss and, in training, the gradient of the mean over the batch
  /// of `train_settings::batch` examples and their time steps, of which this
  /// may be a part.
  /// @pre `check(why, outputs, targets)` found nothing, it is no question
  outcome compute(device& dev, phase why, const std::vector<tensor>& outputs,
                  const tensor& targets);

  /// Returns what a question is answered with, [rows, outputs] in neuron order:
  /// of phase infer probabilities for classes, else plain values.
  /// @pre `is_question(why)`
  tensor answer(device& dev, phase why, const std::vector<tensor>& outputs);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace nnactor
