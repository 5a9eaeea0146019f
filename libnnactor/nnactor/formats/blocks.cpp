#include "nnactor/formats/blocks.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

namespace nnactor {

namespace {

template <class T>
T load(const std::byte* from) {
  T out;
  std::memcpy(&out, from, sizeof(T));
  return out;
}

unsigned byte_at(const std::byte* from, size_t index) {
  return std::to_integer<unsigned>(from[index]);
}

/// Reads a 16-bit float of IEEE 754.
float half_at(const std::byte* from) {
  auto bits = uint32_t{load<uint16_t>(from)};
  auto sign = (bits & 0x8000) << 16;
  auto exponent = bits >> 10 & 31;
  auto fraction = bits & 0x3ff;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f800000 | fraction << 13);
  if (exponent > 0)
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  // The smallest are multiples of 2^-24.
  auto size = static_cast<float>(fraction) * 0x1p-24f;
  return sign ? -size : size;
}

/// Four bits of value `j` of 32: 16 bytes hold the first half of them low.
int nibble(const std::byte* from, size_t j) {
  return static_cast<int>(j < 16 ? byte_at(from, j) & 15
                                 : byte_at(from, j - 16) >> 4);
}

/// Five bits, of which the highest is a bit of `high`.
int five_bits(const std::byte* from, uint32_t high, size_t j) {
  return nibble(from, j) | static_cast<int>((high >> j & 1) << 4);
}

/// Scale and minimum, 6 bits each, of the `j`-th 32 values of Q4_K and Q5_K:
/// those of the last four have their upper bits beside those of the first.
struct scale_of_32 {
  float scale;
  float minimum;

  scale_of_32(const std::byte* from, size_t j, float d, float least) {
    unsigned s = 0;
    unsigned m = 0;
    if (j < 4) {
      s = byte_at(from, j) & 63;
      m = byte_at(from, j + 4) & 63;
    } else {
      s = (byte_at(from, j + 4) & 15) | (byte_at(from, j - 4) >> 6) << 4;
      m = byte_at(from, j + 4) >> 4 | (byte_at(from, j) >> 6) << 4;
    }
    scale = d * static_cast<float>(s);
    minimum = least * static_cast<float>(m);
  }
};

} // namespace

void read_f32(const std::byte* from, float* into) {
  *into = load<float>(from);
}

void read_f16(const std::byte* from, float* into) {
  *into = half_at(from);
}

void read_bf16(const std::byte* from, float* into) {
  *into = std::bit_cast<float>(uint32_t{load<uint16_t>(from)} << 16);
}

void read_q4_0(const std::byte* from, float* into) {
  auto d = half_at(from);
  for (size_t j = 0; j < 32; ++j)
    into[j] = d * static_cast<float>(nibble(from + 2, j) - 8);
}

void read_q4_1(const std::byte* from, float* into) {
  auto d = half_at(from);
  auto m = half_at(from + 2);
  for (size_t j = 0; j < 32; ++j)
    into[j] = d * static_cast<float>(nibble(from + 4, j)) + m;
}

void read_q5_0(const std::byte* from, float* into) {
  auto d = half_at(from);
  auto high = load<uint32_t>(from + 2);
  for (size_t j = 0; j < 32; ++j)
    into[j] = d * static_cast<float>(five_bits(from + 6, high, j) - 16);
}

void read_q5_1(const std::byte* from, float* into) {
  auto d = half_at(from);
  auto m = half_at(from + 2);
  auto high = load<uint32_t>(from + 4);
  for (size_t j = 0; j < 32; ++j)
    into[j] = d * static_cast<float>(five_bits(from + 8, high, j)) + m;
}

void read_q8_0(const std::byte* from, float* into) {
  auto d = half_at(from);
  for (size_t j = 0; j < 32; ++j)
    into[j] = d * static_cast<float>(load<int8_t>(from + 2 + j));
}

void read_q4_k(const std::byte* from, float* into) {
  auto d = half_at(from);
  auto least = half_at(from + 2);
  for (size_t j = 0; j < 8; ++j) {
    scale_of_32 of{from + 4, j, d, least};
    const auto* q = from + 16 + j / 2 * 32;
    for (size_t l = 0; l < 32; ++l) {
      auto value = byte_at(q, l) >> (j % 2 * 4) & 15;
      into[j * 32 + l] = of.scale * static_cast<float>(value) - of.minimum;
    }
  }
}

void read_q5_k(const std::byte* from, float* into) {
  auto d = half_at(from);
  auto least = half_at(from + 2);
  for (size_t j = 0; j < 8; ++j) {
    scale_of_32 of{from + 4, j, d, least};
    const auto* high = from + 16;
    const auto* q = from + 48 + j / 2 * 32;
    for (size_t l = 0; l < 32; ++l) {
      auto value = (byte_at(q, l) >> (j % 2 * 4) & 15)
                   | (byte_at(high, l) >> j & 1) << 4;
      into[j * 32 + l] = of.scale * static_cast<float>(value) - of.minimum;
    }
  }
}

void read_q6_k(const std::byte* from, float* into) {
  auto d = half_at(from + 208);
  for (size_t i = 0; i < 256; ++i) {
    // Of each 128 values, 64 bytes hold the low bits and 32 the high ones.
    auto half = i / 128;
    auto quarter = i / 32 % 4;
    auto l = i % 32;
    auto low =
        byte_at(from + half * 64, quarter % 2 * 32 + l) >> (quarter / 2 * 4)
        & 15;
    auto high = byte_at(from + 128 + half * 32, l) >> (quarter * 2) & 3;
    auto scale = load<int8_t>(from + 192 + i / 16);
    into[i] = d * static_cast<float>(scale)
              * static_cast<float>(static_cast<int>(low | high << 4) - 32);
  }
}

} // namespace nnactor
