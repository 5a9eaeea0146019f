#pragma once

#include "nnactor/engine/settings.hpp"
#include "nnactor/error.hpp"
#include "nnactor/metadata/connection_table.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/partition/group_graph.hpp"

#include <span>
#include <string>
#include <vector>

namespace nnactor {

/// Everything that a node must know to do its part of a job; the fields are
/// specified in schemas/deployment.capnp.
struct deployment {
  uint64_t epoch = 0;
  node_index self = 0;
  std::vector<server> servers;
  network net;
  partition parts;
  group_graph graph; ///< Made from `net` and `parts`, not transmitted.
  placement where;
  train_settings train;
  std::string model;
  uint64_t store_epoch = 0;
  std::string token;
  uint64_t generation = 0;
  uint64_t step = 0;
  /// Of the deployment whose groups go on from memory where they stay; 0: none.
  uint64_t carried_epoch = 0;

  /// Whether its groups compute the same, wherever they are.
  bool is_of_same_job(const deployment& other) const {
    return net.layers == other.net.layers
           && net.time_steps == other.net.time_steps
           && net.context == other.net.context && train == other.train;
  }
};

/// Returns bytes that `decode_deployment` reads.
std::vector<std::byte> encode(const deployment& what);

/// Parses and checks a deployment; fails with `ec::protocol_violation`, or
/// with what is wrong with the network or partition in it.
result<deployment> decode_deployment(std::span<const std::byte> bytes);

} // namespace nnactor
