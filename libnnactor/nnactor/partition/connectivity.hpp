#pragma once

#include "nnactor/partition/distribution.hpp"

#include <cstdint>

namespace nnactor {

/// How many connections between neurons cross from one part to another.
struct connection_cut {
  uint64_t crossing = 0;
  uint64_t all = 0; ///< Those from the data are in no part and do not count.
};

/// Counts a connection once for each value that it carries.
connection_cut cut_of(const network& net, const partition& parts);

/// Counts the connections from neurons of a layer to neurons of one that reads
/// it and is not sparse, once for each value that they carry.
uint64_t connections_between(const layer& from, const neuron_set& producers,
                             const layer& reader, const neuron_set& readers);

/// Splits a network into parts of about equally many parameters, with as few
/// connections between them as it finds: minimum cut by multilevel k-way
/// partitioning (Karypis and Kumar, SIAM J. Sci. Comput. 1998), always the same
/// for the same seed. A dense layer with more than `most_dense_edges`
/// connections has no say: all of its neurons need all of its inputs, so every
/// even split of it cuts as many. Fails with `ec::invalid_partition` on a
/// network that is too large for that.
result<partition> split_by_connectivity(const network& net, uint64_t parts,
                                        uint64_t seed);

constexpr uint64_t most_dense_edges = uint64_t{1} << 22;

} // namespace nnactor
