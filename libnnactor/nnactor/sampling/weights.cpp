#include "nnactor/sampling/weights.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nnactor {

namespace {

struct candidate {
  uint64_t weight = 0;
  size_t token = 0;

  /// Whether `a` comes first among the most likely.
  friend bool operator<(const candidate& a, const candidate& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.token < b.token;
  }
};

std::vector<candidate> candidates_of(const std::vector<uint64_t>& weights) {
  std::vector<candidate> out;
  for (size_t i = 0; i < weights.size(); ++i)
    if (weights[i] > 0)
      out.push_back({weights[i], i});
  return out;
}

/// Takes away the weights of all that come after `last`.
void drop_after(std::vector<uint64_t>& weights, const candidate& last) {
  for (size_t i = 0; i < weights.size(); ++i)
    if (last < candidate{weights[i], i})
      weights[i] = 0;
}

uint64_t sum_of(std::span<const uint64_t> weights) {
  return std::accumulate(weights.begin(), weights.end(), uint64_t{0});
}

} // namespace

std::vector<uint64_t> weights_of(std::span<const float> logits, float largest,
                                 float temperature) {
  std::vector<uint64_t> out;
  out.reserve(logits.size());
  for (auto x : logits) {
    auto share =
        std::exp((static_cast<double>(x) - static_cast<double>(largest))
                 / static_cast<double>(temperature));
    out.push_back(std::isnan(share) ? 0
                                    : static_cast<uint64_t>(
                                        std::llround(share * largest_weight)));
  }
  return out;
}

void keep_top_k(std::vector<uint64_t>& weights, uint32_t count) {
  auto all = candidates_of(weights);
  if (count == 0 || count >= all.size())
    return;
  auto last = all.begin() + (count - 1);
  std::nth_element(all.begin(), last, all.end());
  drop_after(weights, *last);
}

void keep_top_p(std::vector<uint64_t>& weights, float share) {
  if (share >= 1)
    return;
  auto all = candidates_of(weights);
  auto sum = static_cast<double>(sum_of(weights));
  auto wanted = std::max<uint64_t>(
      1, static_cast<uint64_t>(std::ceil(sum * static_cast<double>(share))));
  // What comes before `begin` has less than is wanted, together with what comes
  // before `end` it has enough.
  auto begin = all.begin(), end = all.end();
  uint64_t before = 0;
  while (end - begin > 1) {
    auto middle = begin + (end - begin) / 2;
    std::nth_element(begin, middle, end);
    auto upper = before;
    for (auto i = begin; i != middle; ++i)
      upper += i->weight;
    if (upper >= wanted) {
      end = middle;
    } else {
      before = upper;
      begin = middle;
    }
  }
  if (begin != all.end())
    drop_after(weights, *begin);
}

void keep_min_p(std::vector<uint64_t>& weights, float share) {
  if (weights.empty())
    return;
  auto largest = *std::ranges::max_element(weights);
  auto least = static_cast<double>(largest) * static_cast<double>(share);
  for (auto& weight : weights)
    if (static_cast<double>(weight) < least)
      weight = 0;
}

int32_t drawn_of(std::span<const uint64_t> weights, uint64_t random_bits) {
  // The high half of the product is in [0, sum), each of it as often as any
  // other but for a share of sum / 2^64.
  __extension__ using wide = unsigned __int128;
  auto left = static_cast<uint64_t>(
      (static_cast<wide>(random_bits) * sum_of(weights)) >> 64);
  size_t i = 0;
  while (i + 1 < weights.size() && left >= weights[i])
    left -= weights[i++];
  return static_cast<int32_t>(i);
}

} // namespace nnactor
