#include "nnactor/engine/settings.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nnactor {

float learning_rate(const schedule_settings& how, uint64_t step) {
  auto rate = static_cast<double>(how.rate);
  if (step < how.warmup)
    return static_cast<float>(rate * static_cast<double>(step + 1)
                              / static_cast<double>(how.warmup));
  if (how.kind == schedule_kind::constant)
    return how.rate;
  // 0 at the first step after warm-up, 1 at the last step and beyond it.
  auto last = how.steps > 0 ? how.steps - 1 : 0;
  auto progress = last > how.warmup
                      ? static_cast<double>(step - how.warmup)
                            / static_cast<double>(last - how.warmup)
                      : 1.0;
  auto angle = std::numbers::pi * std::min(progress, 1.0);
  auto final_rate = static_cast<double>(how.final_rate);
  return static_cast<float>(
      final_rate + (rate - final_rate) * 0.5 * (1.0 + std::cos(angle)));
}

} // namespace nnactor
