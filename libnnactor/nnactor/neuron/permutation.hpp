#pragma once

#include "nnactor/neuron/reciprocal.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace nnactor {

/// A keyed bijection on [0, size), computed in O(1) without a table: a
/// Feistel network of four rounds over the two digits of x in base
/// ceil(sqrt(size)), with cycle walking for values that fall outside. Divides
/// by nothing but a reciprocal, so that a look-up costs tens of cycles.
class permutation {
public:
  /// @pre `0 < size <= 2^62`
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

  /// Replaces every value by its preimage, several at a time.
  /// @pre every value is below `size()`
  void invert_all(std::span<uint64_t> values) const noexcept;

private:
  uint64_t scramble(uint32_t key, uint64_t digit) const noexcept;
  uint64_t step_back(uint64_t y) const noexcept;

  uint64_t size_;
  reciprocal base_; ///< At most 2^31.
  std::array<uint32_t, 4> keys_;
};

} // namespace nnactor
