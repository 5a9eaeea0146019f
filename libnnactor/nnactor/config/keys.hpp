#pragma once

#include <string>
#include <vector>

namespace nnactor {

/// Returns every key that a config may have, by section: "train.steps".
/// Elements of lists of tables count as one: "network.layers.units".
std::vector<std::string> experiment_keys();

} // namespace nnactor
