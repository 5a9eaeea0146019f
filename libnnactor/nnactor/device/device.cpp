#include "nnactor/device/device.hpp"

#include <algorithm>

namespace nnactor {

byte_buffer device::upload(std::span<const std::byte> from) {
  byte_buffer out{from.size()};
  std::ranges::copy(from, out.data());
  return out;
}

tensor device::place(const tensor& x) {
  if (x.bytes().away() == away() || x.empty())
    return x;
  if (x.copy().size() > 0 && x.copy().away() == away())
    return {x.type(), x.extent(), x.copy()};
  const auto& from = x.bytes();
  return {x.type(), x.extent(),
          shared_bytes{upload({from.data(), from.size()})}};
}

} // namespace nnactor
