#pragma once

#include "nnactor/device/device.hpp"

#include <map>
#include <span>
#include <tuple>
#include <vector>

namespace nnactor {

/// For every position of a sequence the cosines of its head_size / 2 angles,
/// then their sines.
std::vector<float> rotary_table(const device::rotation& how);

/// Tables that were asked for: a network uses very few, all the time.
class rotary_tables {
public:
  /// Valid until the next call.
  std::span<const float> of(const device::rotation& how);

private:
  using key = std::tuple<uint64_t, uint32_t, double, double>;

  std::map<key, std::vector<float>> known_;
};

} // namespace nnactor
