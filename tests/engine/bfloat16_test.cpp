#include "nnactor/tensor/bfloat16.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace nnactor;

namespace {

float of(uint32_t bits) {
  return std::bit_cast<float>(bits);
}

tensor one(float x) {
  tensor_builder<float> out{{1, 1}};
  out.values()[0] = x;
  return std::move(out).share();
}

} // namespace

TEST_CASE("every bfloat16 is itself, on a link and back") {
  for (uint32_t upper = 0; upper < 65536; ++upper) {
    auto x = of(upper << 16);
    auto rounded = round_to_bfloat16(x);
    auto back = widen(narrow(one(rounded))).values<float>()[0];
    if (std::isnan(x)) {
      CHECK(std::isnan(back));
      continue;
    }
    REQUIRE(std::bit_cast<uint32_t>(rounded) == upper << 16);
    REQUIRE(std::bit_cast<uint32_t>(back) == upper << 16);
  }
}

TEST_CASE("what lies between goes to the nearest, of two to the even one") {
  for (uint32_t upper = 0; upper < 0x7f80; ++upper)
    for (uint32_t sign : {0u, 0x80000000u}) {
      auto low = of(sign | (upper << 16));
      auto high = of(sign | ((upper + 1) << 16));
      CHECK(round_to_bfloat16(of(sign | (upper << 16) | 0x7fff)) == low);
      CHECK(round_to_bfloat16(of(sign | (upper << 16) | 0x8001)) == high);
      CHECK(round_to_bfloat16(of(sign | (upper << 16) | 0x8000))
            == (upper % 2 ? high : low));
    }
  // No NaN becomes infinity by a carry.
  for (uint32_t bits : {0x7f800001u, 0x7fffffffu, 0xff800001u, 0xffffffffu})
    CHECK(std::isnan(round_to_bfloat16(of(bits))));
}
