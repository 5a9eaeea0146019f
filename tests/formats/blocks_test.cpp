#include "nnactor/formats/block_type.hpp"
#include "nnactor/formats/blocks.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

using namespace nnactor;

namespace {

/// Bytes of a block whose 16-bit floats are finite, wherever they are.
std::vector<uint8_t> any_block(const block_type& type, uint32_t seed) {
  std::mt19937 random{seed};
  std::vector<uint8_t> out(type.bytes);
  for (auto& x : out)
    x = static_cast<uint8_t>(random());
  return out;
}

void set_half(std::vector<uint8_t>& block, size_t at, uint16_t bits) {
  std::memcpy(block.data() + at, &bits, sizeof(bits));
}

std::vector<float> read(const block_type& type,
                        const std::vector<uint8_t>& block) {
  std::vector<float> out(type.values);
  read_blocks(type, std::as_bytes(std::span{block}), out);
  return out;
}

constexpr uint16_t one_and_half = 0x3e00;
constexpr uint16_t minus_quarter = 0xb400;

/// A block of that name in which the 16-bit floats are 1.5 and -0.25.
struct sample {
  const block_type& type;
  std::vector<uint8_t> block;

  sample(const char* name, uint32_t seed, size_t d, int m = -1)
      : type(*find_block_type(name)), block(any_block(type, seed)) {
    set_half(block, d, one_and_half);
    if (m >= 0)
      set_half(block, static_cast<size_t>(m), minus_quarter);
  }

  std::vector<float> values() const {
    return read(type, block);
  }
};

float half(uint16_t bits) {
  std::vector<uint8_t> block(2);
  set_half(block, 0, bits);
  return read(*find_block_type("F16"), block).front();
}

/// Of 12 bytes that eight scales and eight minima of 6 bits are packed in.
std::pair<int, int> packed_scale(const uint8_t* q, int j) {
  if (j < 4)
    return {q[j] & 63, q[j + 4] & 63};
  return {(q[j + 4] & 15) | (q[j - 4] >> 6) << 4,
          (q[j + 4] >> 4) | (q[j] >> 6) << 4};
}

constexpr uint32_t seeds = 8;

} // namespace

TEST_CASE("types of blocks have the numbers and sizes of GGUF") {
  auto is = [](uint32_t id, std::string_view name, uint32_t values,
               uint32_t bytes) {
    const auto* x = find_block_type(id);
    return x != nullptr && x == find_block_type(name) && x->values == values
           && x->bytes == bytes;
  };
  CHECK(is(0, "F32", 1, 4));
  CHECK(is(1, "F16", 1, 2));
  CHECK(is(2, "Q4_0", 32, 18));
  CHECK(is(3, "Q4_1", 32, 20));
  CHECK(is(6, "Q5_0", 32, 22));
  CHECK(is(7, "Q5_1", 32, 24));
  CHECK(is(8, "Q8_0", 32, 34));
  CHECK(is(12, "Q4_K", 256, 144));
  CHECK(is(13, "Q5_K", 256, 176));
  CHECK(is(14, "Q6_K", 256, 210));
  CHECK(is(30, "BF16", 1, 2));
  CHECK(block_types().size() == 11);
  CHECK(find_block_type(4) == nullptr);
  CHECK(find_block_type("I64") == nullptr);
}

TEST_CASE("16-bit floats of every kind are read") {
  CHECK(half(0x3c00) == 1.0f);
  CHECK(half(one_and_half) == 1.5f);
  CHECK(half(minus_quarter) == -0.25f);
  CHECK(half(0x7bff) == 65504.0f);
  CHECK(half(0x0400) == 0x1p-14f);
  CHECK(half(0x0001) == 0x1p-24f);
  CHECK(half(0x83ff) == -1023 * 0x1p-24f);
  CHECK(std::signbit(half(0x8000)));
  CHECK(half(0x8000) == 0.0f);
  CHECK(half(0xfc00) == -HUGE_VALF);
  CHECK(std::isnan(half(0x7c01)));
  CHECK(read(*find_block_type("BF16"), {0xc0, 0xbf}).front() == -1.5f);
  CHECK(read(*find_block_type("F32"), {0, 0, 0xc0, 0xbf}).front() == -1.5f);
}

TEST_CASE("blocks of 4 bits are read") {
  for (uint32_t seed = 0; seed < seeds; ++seed) {
    sample plain{"Q4_0", seed, 0};
    sample shifted{"Q4_1", seed, 0, 2};
    auto x = plain.values();
    auto y = shifted.values();
    for (size_t j = 0; j < 16; ++j) {
      auto q = plain.block[2 + j];
      CHECK(x[j] == 1.5f * static_cast<float>((q & 15) - 8));
      CHECK(x[j + 16] == 1.5f * static_cast<float>((q >> 4) - 8));
      q = shifted.block[4 + j];
      CHECK(y[j] == 1.5f * static_cast<float>(q & 15) - 0.25f);
      CHECK(y[j + 16] == 1.5f * static_cast<float>(q >> 4) - 0.25f);
    }
  }
}

TEST_CASE("blocks of 5 bits are read") {
  for (uint32_t seed = 0; seed < seeds; ++seed) {
    sample plain{"Q5_0", seed, 0};
    sample shifted{"Q5_1", seed, 0, 2};
    auto x = plain.values();
    auto y = shifted.values();
    auto bit = [](const uint8_t* from, size_t j) {
      return (from[j / 8] >> (j % 8) & 1) * 16;
    };
    for (size_t j = 0; j < 16; ++j) {
      const auto* high = plain.block.data() + 2;
      int q = plain.block[6 + j];
      CHECK(x[j] == 1.5f * static_cast<float>((q & 15) + bit(high, j) - 16));
      CHECK(x[j + 16]
            == 1.5f * static_cast<float>((q >> 4) + bit(high, j + 16) - 16));
      high = shifted.block.data() + 4;
      q = shifted.block[8 + j];
      CHECK(y[j] == 1.5f * static_cast<float>((q & 15) + bit(high, j)) - 0.25f);
      CHECK(y[j + 16]
            == 1.5f * static_cast<float>((q >> 4) + bit(high, j + 16)) - 0.25f);
    }
  }
}

TEST_CASE("blocks of 8 bits are read") {
  for (uint32_t seed = 0; seed < seeds; ++seed) {
    sample from{"Q8_0", seed, 0};
    auto x = from.values();
    for (size_t j = 0; j < 32; ++j)
      CHECK(
          x[j]
          == 1.5f * static_cast<float>(static_cast<int8_t>(from.block[2 + j])));
  }
}

TEST_CASE("superblocks of 4 and 5 bits are read") {
  for (uint32_t seed = 0; seed < seeds; ++seed) {
    sample four{"Q4_K", seed, 0, 2};
    sample five{"Q5_K", seed, 0, 2};
    auto x = four.values();
    auto y = five.values();
    for (int j = 0; j < 8; ++j) {
      auto [s, m] = packed_scale(four.block.data() + 4, j);
      auto [t, n] = packed_scale(five.block.data() + 4, j);
      for (int l = 0; l < 32; ++l) {
        auto at = static_cast<size_t>(32 * j + l);
        auto place = static_cast<size_t>(j / 2 * 32 + l);
        int q = four.block[16 + place] >> (j % 2 * 4) & 15;
        CHECK(x[at]
              == 1.5f * static_cast<float>(s) * static_cast<float>(q)
                     + 0.25f * static_cast<float>(m));
        q = five.block[48 + place] >> (j % 2 * 4) & 15;
        q += (five.block[16 + static_cast<size_t>(l)] >> j & 1) * 16;
        CHECK(y[at]
              == 1.5f * static_cast<float>(t) * static_cast<float>(q)
                     + 0.25f * static_cast<float>(n));
      }
    }
  }
}

TEST_CASE("superblocks of 6 bits are read") {
  for (uint32_t seed = 0; seed < seeds; ++seed) {
    sample from{"Q6_K", seed, 208};
    auto x = from.values();
    for (size_t half : {0u, 1u}) {
      const auto* ql = from.block.data() + half * 64;
      const auto* qh = from.block.data() + 128 + half * 32;
      const auto* scales = from.block.data() + 192 + half * 8;
      auto check = [&](size_t at, int q, size_t scale) {
        auto s = static_cast<int8_t>(scales[scale]);
        CHECK(x[half * 128 + at]
              == 1.5f * static_cast<float>(s) * static_cast<float>(q - 32));
      };
      for (size_t l = 0; l < 32; ++l) {
        auto is = l / 16;
        check(l, (ql[l] & 15) | (qh[l] & 3) << 4, is);
        check(l + 32, (ql[l + 32] & 15) | (qh[l] >> 2 & 3) << 4, is + 2);
        check(l + 64, (ql[l] >> 4) | (qh[l] >> 4 & 3) << 4, is + 4);
        check(l + 96, (ql[l + 32] >> 4) | (qh[l] >> 6) << 4, is + 6);
      }
    }
  }
}
