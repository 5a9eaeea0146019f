#pragma once

#include "nnactor/messages/actors.hpp"
#include "nnactor/partition/transformer.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>

namespace nnactor {

/// Measures the way to a node: half of the fastest of some round trips, and how
/// many bytes a second get there. Takes a quarter of a second, longer on links
/// of less than 10 Mbit/s.
/// @param patience For each answer.
result<link_model> measure_link(caf::scoped_actor& self, const node_actor& node,
                                std::chrono::milliseconds patience);

} // namespace nnactor
