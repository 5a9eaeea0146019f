#include "nnactor/device/rotary_tables.hpp"

#include <cmath>

namespace nnactor {

namespace {

// Only a peer that asks for answers of ever new lengths gets here.
constexpr size_t most_tables = 64;

} // namespace

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

std::span<const float> rotary_tables::of(const device::rotation& how) {
  key which{how.head_size, how.context, how.base, how.scale};
  if (auto found = known_.find(which); found != known_.end())
    return found->second;
  if (known_.size() >= most_tables)
    known_.clear();
  return known_.emplace(which, rotary_table(how)).first->second;
}

} // namespace nnactor
