#include "nnactor/neuron/permutation.hpp"

#include "nnactor/neuron/random.hpp"

#include <cmath>

namespace nnactor {

namespace {

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
    keys_[round] = stream.bits(round);
}

uint64_t permutation::operator()(uint64_t x) const noexcept {
  // A value beyond `size` is permuted again: the cycle that it is on leads
  // back into the range, after 1 + O(1 / base) steps on average.
  do {
    auto high = x / base_;
    auto low = x % base_;
    for (auto key : keys_) {
      auto mixed = (high + mix(key ^ low) % base_) % base_;
      high = low;
      low = mixed;
    }
    x = high * base_ + low;
  } while (x >= size_);
  return x;
}

uint64_t permutation::inverse(uint64_t y) const noexcept {
  do {
    auto high = y / base_;
    auto low = y % base_;
    for (auto key = keys_.rbegin(); key != keys_.rend(); ++key) {
      auto mixed = (low + base_ - mix(*key ^ high) % base_) % base_;
      low = high;
      high = mixed;
    }
    y = high * base_ + low;
  } while (y >= size_);
  return y;
}

} // namespace nnactor
