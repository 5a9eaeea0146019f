#include "nnactor/device/rotary_tables.hpp"

#include <cmath>

namespace nnactor {

std::vector<float> rotary_table(const device::rotation& how) {
  auto half = how.head_size / 2;
  std::vector<float> out(how.context * 2 * half);
  for (uint64_t j = 0; j < half; ++j) {
    auto speed = std::pow(how.base, -2.0 * static_cast<double>(j)
                                        / static_cast<double>(how.head_size));
    for (uint64_t position = 0; position < how.context; ++position) {
      auto angle = static_cast<double>(position) / how.scale * speed;
      auto* row = out.data() + position * 2 * half;
      row[j] = static_cast<float>(std::cos(angle));
      row[half + j] = static_cast<float>(std::sin(angle));
    }
  }
  return out;
}

} // namespace nnactor
