#pragma once

#include "nnactor/engine/group_program.hpp"

#include <memory>
#include <vector>

namespace nnactor {

/// Trains a network on one device in one loop, without actors: what the
/// distributed runs are measured against. Calls the programs of all groups one
/// after the other in canonical order, so that a run of the same partition,
/// wherever its groups are, gives the same bytes.
class plain_loop {
public:
  /// The unpartitioned network: one group a layer.
  plain_loop(const network& net, const train_settings& how, device& dev);

  /// The same for any partition.
  plain_loop(const network& net, const group_graph& graph,
             const train_settings& how, device& dev);

  /// One update by a batch; returns its mean loss, NaN when it diverged.
  /// @param inputs As in `examples`: one example a row, its time steps side
  ///        by side.
  /// @pre inputs and targets have equally many rows and fit the network; the
  ///      rows are a multiple of the micro-batches
  double step(const tensor& inputs, const tensor& targets);

  /// Loss of some examples.
  loss_value evaluate(const tensor& inputs, const tensor& targets);

  /// What inference answers, see `loss_program::answer`, time steps side by
  /// side.
  tensor answer(const tensor& inputs);

  /// The logits [wanted, outputs] of a round of tokens [rows, 1].
  /// @pre `check(what, ...)` found nothing, tokens are the network's
  tensor generate(const token_round& what, const tensor& tokens);

  /// Number of updates so far; the next one is the step of this number.
  uint64_t steps() const {
    return steps_;
  }

  /// Parameters and optimizer state of every neuron group that has its own, in
  /// order.
  std::vector<parameter_set> save() const;

  /// Seconds that each group has computed so far, by its id.
  const std::vector<double>& seconds() const {
    return seconds_;
  }

  /// Takes over what `save` returned and goes on at step `steps`.
  caf::error load(const std::vector<parameter_set>& saved, uint64_t steps);

private:
  /// The programs with parameters of their own.
  std::vector<group_program*> savers() const;

  using outputs_by_group = std::vector<sent_output>;

  /// By producer, then by consumer in the order of `downstream`.
  using gradients_by_group = std::vector<std::vector<tensor>>;

  /// Forward and backward of one micro-batch; returns the sum of its losses.
  double train(uint32_t micro_batch, const tensor& inputs,
               const tensor& targets);

  /// Computes all groups at the time step that comes after those in
  /// `outputs`, and adds it there.
  /// @param targets Empty where a question is answered.
  /// @param round Of phase generate.
  void forward(piece which, phase why, const tensor& inputs,
               const tensor& targets, std::vector<outputs_by_group>& outputs,
               const round_rows* round = nullptr);

  /// What crosses an upstream edge of a group.
  const tensor& crossing(const edge& from, group_id to,
                         const outputs_by_group& outputs) const;

  std::vector<tensor> inputs_of_loss(const outputs_by_group& outputs) const;

  /// @param gradients Of the loss.
  /// @param arrived By time step; what a later one left is used, what an
  ///        earlier one needs is added.
  void backward(piece which, std::vector<tensor> gradients,
                std::vector<gradients_by_group>& arrived);

  void update();

  /// Calls `work` and counts its time for a group.
  template <class Work>
  auto timed(group_id id, Work work);

  device& dev_;
  group_graph graph_;
  train_settings how_;
  std::vector<std::shared_ptr<group_program>> programs_; ///< Neuron groups.
  loss_program loss_;
  uint64_t steps_ = 0;
  std::vector<double> seconds_;
};

} // namespace nnactor
