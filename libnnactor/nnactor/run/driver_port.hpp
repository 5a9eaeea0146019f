#pragma once

#include "nnactor/cluster/distributor.hpp"
#include "nnactor/cluster/link.hpp"
#include "nnactor/group/routing.hpp"

#include <caf/send.hpp>

#include <vector>

namespace nnactor {

/// The driver's end of a deployed network: where its input and target groups
/// send, and where the results of the loss group arrive.
class driver_port {
public:
  driver_port() = default;
  driver_port(const driver_port&) = delete;
  driver_port& operator=(const driver_port&) = delete;

  // CAF keeps an actor that has sent to another process until it is told to
  // end.
  ~driver_port() {
    close();
  }

  /// Spawns links to the nodes and lets `gate` deliver results to `driver`.
  void open(caf::actor_system& system, const deployed_network& network,
            const gate_actor& gate, const sink_actor& driver);

  /// Ends the links.
  void close();

  /// Sends inputs or targets of all time steps of a micro-batch, side by side
  /// in each row.
  void send_inputs(const work_id& work, const tensor& values);
  void send_targets(const work_id& work, const tensor& values);

  /// Number of time steps of an example.
  uint32_t time_steps() const {
    return time_steps_;
  }

  /// Groups that return credit for a micro-batch of training.
  const std::vector<group_id>& closing() const {
    return closing_;
  }

  /// Bytes that the driver itself has put on links.
  uint64_t traffic() const {
    return traffic_->load();
  }

private:
  void send(const std::vector<sink_actor>& sinks, group_id producer,
            const work_id& work, const tensor& values);

  std::vector<link_actor> links_;
  std::vector<sink_actor> input_sinks_;
  std::vector<sink_actor> target_sinks_;
  std::vector<group_id> closing_;
  uint32_t time_steps_ = 1;
  traffic_counter traffic_ = std::make_shared<std::atomic<uint64_t>>(0);
};

} // namespace nnactor
