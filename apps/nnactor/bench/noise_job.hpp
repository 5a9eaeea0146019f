#pragma once

#include "nnactor/run/job.hpp"

namespace nnactor {

/// Layers with neurons of the network that is as wide everywhere.
constexpr uint32_t noise_layers = 5;

/// A perceptron on noise, for benchmarks: what is timed does not depend on
/// values.
struct noise_network {
  std::vector<uint64_t> widths; ///< Of the hidden layers.
  uint32_t batch = 512;
  uint32_t micro_batches = 8; ///< All of them may be in flight.
};

/// Every layer is split in two.
result<prepared_job> make_noise_job(const noise_network& what, uint64_t steps);

/// One that is as wide everywhere.
result<prepared_job> make_noise_job(uint64_t width, uint64_t steps);

} // namespace nnactor
