#pragma once

#include "nnactor/tensor/bfloat16_value.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace nnactor {

/// Whether `narrow` loses nothing of f32 values.
inline bool is_narrow(const tensor& x) {
  auto values = x.values<float>();
  return std::ranges::all_of(values, [](float value) {
    return (std::bit_cast<uint32_t>(value) & 0xffff) == 0;
  });
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
