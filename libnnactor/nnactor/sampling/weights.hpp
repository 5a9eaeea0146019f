#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

// Probabilities of tokens as whole numbers, so that sums of them are exact and
// the same in any order: a weight of 2^40 is the most likely token, and one
// that is 2^41 times less likely has none.
namespace nnactor {

/// Number of tokens whose weights have a sum in 64 bits.
constexpr size_t most_tokens = size_t{1} << 23;
constexpr double largest_weight = 0x1p40;

/// exp((logit - largest) / temperature) of each token, as a weight.
/// @pre temperature > 0, `largest` is the largest of them and finite
std::vector<uint64_t> weights_of(std::span<const float> logits, float largest,
                                 float temperature);

// Each takes away the weights of tokens that do not stay. Of tokens with the
// same weight those with the lower numbers come first.

/// Keeps the `count` largest; 0 keeps all.
void keep_top_k(std::vector<uint64_t>& weights, uint32_t count);

/// Keeps the fewest of the largest that have `share` of the sum.
void keep_top_p(std::vector<uint64_t>& weights, float share);

/// Keeps those of at least `share` of the largest.
void keep_min_p(std::vector<uint64_t>& weights, float share);

/// Draws a token by its weight.
/// @pre there is one with a weight
int32_t drawn_of(std::span<const uint64_t> weights, uint64_t random_bits);

} // namespace nnactor
