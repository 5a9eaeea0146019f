#pragma once

#include "nnactor/device/cpu/cpu_device.hpp"
#include "nnactor/group/device_actor.hpp"
#include "nnactor/group/loss_group.hpp"
#include "nnactor/group/neuron_group.hpp"
#include "support/actors.hpp"

#include <map>

namespace nnactor::test {

/// One group of a network on a device that waits for the test's word; all its
/// neighbours are fakes that write down what they get.
///
/// The network: 3 values -> hidden (4 neurons, two groups of 2) -> output (3
/// neurons, one group) -> loss. Groups: 0 input, 1 target, 2 and 3 hidden, 4
/// output, 5 loss.
class lone_group {
public:
  explicit lone_group(group_id id, const train_settings& train = {},
                      uint64_t version = 0);

  /// Sends the group a tensor of `from`.
  void send(const work_id& work, direction way, group_id from,
            const tensor& value);

  /// Runs the blocks that the device holds, urgent or not, oldest first, and
  /// those that follow from them.
  void run_all();

  /// Runs one of them.
  void run(size_t index);

  /// Tensors of one direction that somebody got.
  std::vector<tensor_message> sent(group_id to, direction way) const;

  work_id training(uint64_t step, uint32_t micro_batch = 0) const {
    return {epoch, step, phase::train, micro_batch};
  }

  static constexpr uint64_t epoch = 9;

  actor_world world;
  network net;
  group_graph graph;
  group_actor group;
  program_ptr program; ///< Null for the loss.
  std::shared_ptr<driver_record> driver = std::make_shared<driver_record>();
  std::shared_ptr<save_record> saved = std::make_shared<save_record>();
  std::shared_ptr<held_device> device = std::make_shared<held_device>();
  std::map<group_id, tensor_record> neighbours;

private:
  std::shared_ptr<nnactor::device> kernels_ = make_reference_device();
};

} // namespace nnactor::test
