#pragma once

#include "nnactor/engine/settings.hpp"
#include "nnactor/network/network.hpp"

namespace nnactor {

/// Of gradients: 1 / rows of a batch at all their time steps.
inline float loss_scale(const network& net, const train_settings& how) {
  return 1.0f
         / (static_cast<float>(how.batch) * static_cast<float>(net.time_steps)
            * static_cast<float>(net.context));
}

} // namespace nnactor
