#pragma once

#include <cstdint>

namespace nnactor {

/// Mixes 64 bits; a bijection whose every output bit depends on every input
/// bit (the finalizer of SplitMix64, Steele et al., OOPSLA 2014).
constexpr uint64_t mix(uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// A random stream with no state but a counter, so that any value of it can be
/// computed on any machine from what names it: (seed, stream, index).
class counter_random {
public:
  constexpr counter_random(uint64_t seed, uint64_t stream) noexcept
      : key_(mix(mix(seed) ^ stream)) {
  }

  /// Returns 64 random bits for `index`.
  constexpr uint64_t bits(uint64_t index) const noexcept {
    return mix(key_ ^ mix(index));
  }

  /// Returns a value in [0, 1) with 24 random bits.
  constexpr float uniform(uint64_t index) const noexcept {
    return static_cast<float>(bits(index) >> 40) * 0x1p-24f;
  }

private:
  uint64_t key_;
};

} // namespace nnactor
