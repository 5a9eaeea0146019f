#pragma once

#include "nnactor/device/device.hpp"
#include "nnactor/engine/layer_work.hpp"
#include "nnactor/tensor/tensor.hpp"

namespace nnactor {

/// Puts what each layer takes on a device, measured in a loop that trains all
/// of them, in place of the operations and bytes that were counted: a small
/// product is slower than a large one, and much that a layer does has no closed
/// form. Once with whole layers and once with halves, which tells what does not
/// get less with a share. Takes about a second.
/// @param flops What the plan's devices do a second, for which the measured
///     time is turned into operations.
/// @param inputs,targets A batch.
void measure_work(network_work& work, const network& net,
                  const train_settings& how, device& dev, double flops,
                  const tensor& inputs, const tensor& targets);

} // namespace nnactor
