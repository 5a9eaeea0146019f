#pragma once

#include "nnactor/partition/distribution.hpp"

#include <string>
#include <vector>

namespace nnactor {

// Private to this room: what one mechanism does to one scope.

/// What shares apply to: the network as a whole, or one layer of it.
struct scope {
  neuron_interval neurons; ///< Never empty.
  std::string name;        ///< "the network" or "layer 'hidden'".
  uint64_t index = 0;      ///< 0 for the network; keys random picks.
};

/// Returns how many neurons of a scope each part gets by `even`, `percentage`
/// or `count`; they add up to all of them.
result<std::vector<uint64_t>> counts_of(const scope& of,
                                        const distribution& how);

/// Takes that many neurons for each part in turn, by each share's pick.
std::vector<neuron_set> take(const scope& of, const distribution& how,
                             const std::vector<uint64_t>& counts);

/// Checks that the listed ids, counted from the scope's first neuron, name
/// every neuron of it in exactly one part, and returns the parts.
result<std::vector<neuron_set>> listed(const scope& of,
                                       const distribution& how);

/// Returns how many per cent of every layer each part gets by its speed, as
/// far as its memory goes.
result<distribution> percentages_of(const network& net,
                                    const distribution& how);

/// Checks that every layer is named in exactly one part, by its name or its
/// type, and returns the parts.
result<std::vector<neuron_set>> whole_layers(const network& net,
                                             const distribution& how);

/// Names a part and where it is written: "exp.toml:20:3: part 1".
std::string place_of(const distribution& how, size_t part);

} // namespace nnactor
