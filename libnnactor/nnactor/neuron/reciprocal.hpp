#pragma once

#include <cstdint>

namespace nnactor {

/// Returns the upper half of a product.
inline uint64_t multiply_high(uint64_t x, uint64_t y) noexcept {
  __extension__ using wide = unsigned __int128;
  return static_cast<uint64_t>((static_cast<wide>(x) * y) >> 64);
}

/// Divides by a number that does not change, in a few cycles.
class reciprocal {
public:
  /// @pre `0 < divisor`
  explicit reciprocal(uint64_t divisor) noexcept
      : divisor_(divisor), inverse_(UINT64_MAX / divisor) {
  }

  struct division {
    uint64_t quotient;
    uint64_t remainder;
  };

  /// @pre `x < 2^62`
  division divide(uint64_t x) const noexcept {
    auto quotient = multiply_high(x, inverse_);
    auto remainder = x - quotient * divisor_;
    // The inverse is rounded down, which costs at most one.
    return remainder >= divisor_ ? division{quotient + 1, remainder - divisor_}
                                 : division{quotient, remainder};
  }

  uint64_t divisor() const noexcept {
    return divisor_;
  }

private:
  uint64_t divisor_;
  uint64_t inverse_;
};

} // namespace nnactor
