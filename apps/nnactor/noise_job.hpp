#pragma once

#include "nnactor/run/job.hpp"

namespace nnactor {

/// Layers with neurons of the network below.
constexpr uint32_t noise_layers = 5;

/// A perceptron of wide layers on noise, every layer split in two, for
/// benchmarks: what is timed does not depend on values.
result<prepared_job> make_noise_job(uint64_t width, uint64_t steps);

} // namespace nnactor
