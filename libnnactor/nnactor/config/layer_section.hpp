#pragma once

#include "nnactor/config/section.hpp"
#include "nnactor/network/network.hpp"

#include <cstddef>
#include <vector>

namespace nnactor {

// Private to this room.

/// Reads one table of [[network.layers]] and adds the layer that it describes,
/// or all those of a transformer.
/// @param number Of the table, from 1; part of a name that is made up.
void read_layers(section from, size_t number,
                 std::vector<layer_description>& into);

} // namespace nnactor
