#include "nnactor/neuron/permutation.hpp"

#include "nnactor/clones.hpp"
#include "nnactor/neuron/random.hpp"

#include <algorithm>
#include <cmath>

namespace nnactor {

namespace {

/// 2^32 over the golden ratio, odd: spreads neighbours farthest apart.
constexpr uint32_t multiplier = 0x9e3779b1u;

/// Returns the least b with b * b >= size; size 2^64 - 1 gives 2^32.
uint64_t ceil_sqrt(uint64_t size) {
  auto root = static_cast<uint64_t>(std::sqrt(static_cast<double>(size)));
  // The double is off by a few at most; comparing through division keeps
  // squares near 2^64 from wrapping around.
  auto covers = [size](uint64_t b) {
    return b != 0 && b >= (size - 1) / b + 1;
  };
  while (root > 1 && covers(root - 1))
    --root;
  while (!covers(root))
    ++root;
  return root;
}

} // namespace

permutation::permutation(uint64_t size, uint64_t key)
    : size_(size), base_(ceil_sqrt(size)) {
  counter_random stream{key, 0};
  for (size_t round = 0; round < keys_.size(); ++round)
    keys_[round] = static_cast<uint32_t>(stream.bits(round));
}

// A digit from the other: one multiplication mixes (multiplicative hashing,
// Dietzfelbinger et al. 1997), the second scales to the base.
uint64_t permutation::scramble(uint32_t key, uint64_t digit) const noexcept {
  auto mixed = (static_cast<uint32_t>(digit) ^ key) * multiplier;
  return (mixed * base_.divisor()) >> 32;
}

uint64_t permutation::operator()(uint64_t x) const noexcept {
  // A value beyond `size` is permuted again: the cycle that it is on leads
  // back into the range, after 1 + O(1 / base) steps on average.
  do {
    auto [high, low] = base_.divide(x);
    for (auto key : keys_) {
      auto mixed = high + scramble(key, low);
      mixed -= mixed >= base_.divisor() ? base_.divisor() : 0;
      high = low;
      low = mixed;
    }
    x = high * base_.divisor() + low;
  } while (x >= size_);
  return x;
}

uint64_t permutation::step_back(uint64_t y) const noexcept {
  auto [high, low] = base_.divide(y);
  for (auto key = keys_.rbegin(); key != keys_.rend(); ++key) {
    auto scrambled = scramble(*key, high);
    auto mixed = low - scrambled + (low < scrambled ? base_.divisor() : 0);
    low = high;
    high = mixed;
  }
  return high * base_.divisor() + low;
}

uint64_t permutation::inverse(uint64_t y) const noexcept {
  do {
    y = step_back(y);
  } while (y >= size_);
  return y;
}

namespace {

constexpr size_t lanes = 256;

/// One round back for the digits of some values, which the compiler turns into
/// vectors.
NNACTOR_CLONES("avx2", "default")
void rounds_back(uint32_t* high, uint32_t* low, uint32_t base,
                 const std::array<uint32_t, 4>& keys) {
  for (size_t k = keys.size(); k-- > 0;) {
    auto key = keys[k];
    for (size_t i = 0; i < lanes; ++i) {
      auto mixed = (high[i] ^ key) * multiplier;
      auto scrambled =
          static_cast<uint32_t>((static_cast<uint64_t>(mixed) * base) >> 32);
      // Whichever of the two is in [0, base) is the smaller: the other wraps
      // around or is larger by the base.
      auto next = low[i] - scrambled;
      low[i] = high[i];
      high[i] = std::min(next, next + base);
    }
  }
}

} // namespace

void permutation::invert_all(std::span<uint64_t> values) const noexcept {
  std::array<uint32_t, lanes> high{};
  std::array<uint32_t, lanes> low{};
  auto base = base_.divisor();
  for (size_t first = 0; first < values.size(); first += lanes) {
    auto some = values.subspan(first, std::min(lanes, values.size() - first));
    for (size_t i = 0; i < some.size(); ++i) {
      auto digits = base_.divide(some[i]);
      high[i] = static_cast<uint32_t>(digits.quotient);
      low[i] = static_cast<uint32_t>(digits.remainder);
    }
    rounds_back(high.data(), low.data(), static_cast<uint32_t>(base), keys_);
    // The rare value that falls outside is walked on.
    for (size_t i = 0; i < some.size(); ++i) {
      some[i] = high[i] * base + low[i];
      while (some[i] >= size_)
        some[i] = step_back(some[i]);
    }
  }
}

} // namespace nnactor
