#pragma once

#include "bench/temporary_folder.hpp"

#include "nnactor/run/controller.hpp"

#include <memory>

namespace nnactor {

// What messages cost, measured with actors of this process.

/// A network of one dense layer.
network one_layer(uint64_t inputs, uint64_t units);

/// Microseconds from an actor on one core to one on another.
double hop_us(caf::actor_system& system);

/// Microseconds of a request to a node and its answer.
result<double> round_trip_us(caf::actor_system& system, const node_actor& node);

/// GB/s of tensors through a link to a gate, which puts them together and finds
/// nobody who reads them.
/// @param nobody A group that the gate's node does not have.
double bulk_gb_s(caf::actor_system& system, const gate_actor& gate,
                 const work_id& work, group_id nobody, uint64_t tensor_bytes,
                 uint64_t total);

/// Nodes with a job that waits for nothing.
struct remote_end {
  std::unique_ptr<controller> cluster;
  deployed_ptr network;
};

result<remote_end> open_remote(const cluster_settings& how,
                               const temporary_folder& folder);

} // namespace nnactor
