#pragma once

#include "nnactor/tensor/tensor.hpp"

#include <bit>
#include <cstdint>

namespace nnactor {

// bfloat16 is the upper half of a float: the same range, 8 bits of precision.

/// Returns the nearest value that bfloat16 has, the even one of two; infinity
/// where that is nearest. NaN stays NaN.
inline float round_to_bfloat16(float x) noexcept {
  auto bits = std::bit_cast<uint32_t>(x);
  // Rounding could carry a NaN's last bits away and leave infinity.
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return std::bit_cast<float>((bits | 0x00400000u) & 0xffff0000u);
  bits += 0x7fffu + ((bits >> 16) & 1u);
  return std::bit_cast<float>(bits & 0xffff0000u);
}

/// Rounds every value; the tensor stays f32.
inline tensor round_to_bfloat16(const tensor& x) {
  tensor_builder<float> out{x.extent()};
  auto from = x.values<float>();
  auto to = out.values();
  for (size_t i = 0; i < from.size(); ++i)
    to[i] = round_to_bfloat16(from[i]);
  return std::move(out).share();
}

/// Drops the lower halves of values that were rounded: half the bytes, nothing
/// lost.
inline tensor narrow(const tensor& x) {
  byte_buffer out{x.extent().size() * sizeof(uint16_t)};
  auto* to = reinterpret_cast<uint16_t*>(out.data());
  auto from = x.values<float>();
  for (size_t i = 0; i < from.size(); ++i)
    to[i] = static_cast<uint16_t>(std::bit_cast<uint32_t>(from[i]) >> 16);
  return {dtype::bf16, x.extent(), shared_bytes{std::move(out)}};
}

/// The inverse of `narrow`.
inline tensor widen(const tensor& x) {
  tensor_builder<float> out{x.extent()};
  auto* from = reinterpret_cast<const uint16_t*>(x.bytes().data());
  auto to = out.values();
  for (size_t i = 0; i < to.size(); ++i)
    to[i] = std::bit_cast<float>(static_cast<uint32_t>(from[i]) << 16);
  return std::move(out).share();
}

} // namespace nnactor
