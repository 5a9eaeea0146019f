#pragma once

#include <bit>
#include <cstdint>

namespace nnactor {

// bfloat16 is the upper half of a float: the same range, 8 bits of precision.

/// Returns the nearest value that bfloat16 has, the even one of two; infinity
/// where that is nearest. NaN stays NaN.
constexpr float round_to_bfloat16(float x) noexcept {
  auto bits = std::bit_cast<uint32_t>(x);
  // Rounding could carry a NaN's last bits away and leave infinity.
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return std::bit_cast<float>((bits | 0x00400000u) & 0xffff0000u);
  bits += 0x7fffu + ((bits >> 16) & 1u);
  return std::bit_cast<float>(bits & 0xffff0000u);
}

} // namespace nnactor
