#pragma once

#include "nnactor/config/experiment.hpp"
#include "nnactor/config/section.hpp"

namespace nnactor {

// One reader a section. Each starts from the defaults of its struct and
// reports whatever is wrong to the section.

data_settings read_data(section from);
run_settings read_train(section from);
cluster_settings read_cluster(section from);
store_settings read_store(section from);

/// Reads a number of bytes: "2 GiB", "500 MB" or an integer.
void read_bytes(section& from, const std::string& key, uint64_t& into);

/// Without the section, `kind` picks the network of `default_network`.
network_description read_network(section from, data_settings::format kind);

/// @param nodes number of parts unless the section says otherwise
distribution read_distribute(section from, uint64_t nodes);

/// The network that is trained if the config describes none.
network_description default_network(data_settings::format kind);

} // namespace nnactor
