#pragma once

#include "nnactor/error.hpp"
#include "nnactor/metadata/connection_table.hpp"
#include "nnactor/network/network.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace nnactor {

/// A node's connection table as it lies in the node's state folder; specified
/// in schemas/table.capnp. Names the model's folder, not a generation of it,
/// and holds no weights: they are read from the store.
struct table_file {
  node_index self = 0;
  std::vector<server> servers; ///< By node index, the driver last.
  std::string model;           ///< Name of the model, for people.
  std::string store;           ///< Folder of the model on shared storage.
  network net;
  std::vector<connection_table::connection> connections;
};

/// Puts together what a node writes.
/// @param servers By node index, the driver last.
table_file make_table_file(const connection_table& table, const network& net,
                           std::vector<server> servers, std::string model,
                           std::string store);

std::vector<std::byte> encode(const table_file& what);

/// Parses and verifies; fails with `ec::invalid_data`.
result<table_file> decode_table_file(std::span<const std::byte> file);

} // namespace nnactor
