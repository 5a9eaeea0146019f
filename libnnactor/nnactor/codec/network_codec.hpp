#pragma once

#include "nnactor/engine/settings.hpp"
#include "nnactor/error.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/partition/distribution.hpp"

#include "network.capnp.h"

namespace nnactor {

// Between the structs of the rooms and schemas/network.capnp. A `read` checks
// whatever a damaged file or a hostile peer could have put there and fails
// with `ec::invalid_network`, `ec::invalid_partition` (neuron sets too) or
// `ec::invalid_argument` (settings).

void write(schema::NeuronSet::Builder out, const neuron_set& xs);
result<neuron_set> read(schema::NeuronSet::Reader in);

void write(schema::Network::Builder out, const network& net);
result<network> read(schema::Network::Reader in);

void write(schema::Partition::Builder out, const partition& parts);

/// Checks that the parts hold every neuron of `net` exactly once.
result<partition> read(schema::Partition::Reader in, const network& net);

void write(schema::TrainSettings::Builder out, const train_settings& how);
result<train_settings> read(schema::TrainSettings::Reader in);

} // namespace nnactor
