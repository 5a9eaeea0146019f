#pragma once

#include "nnactor/group/neuron_group.hpp"

namespace nnactor {

/// The loss as an actor: turns the outputs of a micro-batch and its targets
/// into a loss for the driver and, in training, gradients for the groups of
/// the output layer. In inference it answers with the outputs themselves.
struct loss_group_state {
  static inline const char* name = "loss_group";

  using pointer = group_actor::stateful_pointer<loss_group_state>;

  pointer self = nullptr;
  group_settings settings;
  std::shared_ptr<loss_program> program;
  routing_ptr routes;
  std::vector<sink_actor> readers; ///< Of its results.
  inbox outputs{{}};               ///< Of the output layer, then the target.

  void init(pointer parent, group_settings how,
            std::shared_ptr<loss_program> what);

  void on_tensor(const tensor_message& what);
  void on_block(block& done);
  group_status status() const;

private:
  void start_loss(const work_id& work, std::vector<tensor> values,
                  tensor target);
  void start_answer(const work_id& work, const std::vector<tensor>& values);
  void send_gradients(const work_id& work, const std::vector<tensor>& values);
  void send_result(const work_id& work, tensor value);
  void report(const caf::error& what);
};

group_actor::behavior_type loss_group(loss_group_state::pointer self,
                                      group_settings how,
                                      std::shared_ptr<loss_program> program);

/// The result that a loss group sends to the driver for a micro-batch of
/// training or evaluation: f64 [1, 2], sum of losses and correct rows.
tensor to_tensor(const loss_value& value);

/// Fails on anything that `to_tensor` would not make.
result<loss_value> to_loss_value(const tensor& value);

} // namespace nnactor
