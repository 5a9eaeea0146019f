#pragma once

#include <array>
#include <cstdint>

namespace nnactor {

/// A keyed bijection on [0, size), computed in O(1) without a table: a
/// Feistel network of four rounds over the two digits of x in base
/// ceil(sqrt(size)), with cycle walking for values that fall outside.
class permutation {
public:
  /// @pre `size > 0`
  permutation(uint64_t size, uint64_t key);

  uint64_t size() const noexcept {
    return size_;
  }

  /// Returns the image of `x`.
  /// @pre `x < size()`
  uint64_t operator()(uint64_t x) const noexcept;

  /// Returns the `x` whose image is `y`.
  /// @pre `y < size()`
  uint64_t inverse(uint64_t y) const noexcept;

private:
  uint64_t size_;
  uint64_t base_;
  std::array<uint64_t, 4> keys_;
};

} // namespace nnactor
