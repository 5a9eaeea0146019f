#include "nnactor/partition/scope.hpp"

#include "nnactor/counting.hpp"
#include <algorithm>
#include <cmath>
#include <numeric>

namespace nnactor {

namespace {

/// Percentages may miss 100 by this share of it, so that thirds can be
/// written down.
constexpr double tolerance = 1e-9;

std::vector<uint64_t> even_counts(uint64_t neurons, uint64_t parts) {
  std::vector<uint64_t> counts(parts, neurons / parts);
  for (uint64_t i = 0; i < neurons % parts; ++i)
    ++counts[i];
  return counts;
}

caf::error check_percentages(const distribution& how) {
  double sum = 0;
  for (size_t i = 0; i < how.shares.size(); ++i) {
    auto x = how.shares[i].percentage;
    if (!(x >= 0 && x <= 100))
      return fail(ec::invalid_partition,
                  "{}: {} % is not a percentage between 0 and 100",
                  place_of(how, i), x);
    sum += x;
  }
  if (std::abs(sum - 100) > 100 * tolerance)
    return fail(ec::invalid_partition,
                "{}: the percentages add up to {:.10g}, not to 100",
                to_string(how.where), sum);
  return {};
}

/// Rounds shares of `neurons` by the largest remainder: all down, then those
/// that lost most up by one, the first of equals, until the sum is exact.
std::vector<uint64_t> round_percentages(const distribution& how,
                                        uint64_t neurons) {
  double sum = 0;
  for (const auto& x : how.shares)
    sum += x.percentage;
  std::vector<uint64_t> counts;
  std::vector<double> remainders;
  uint64_t left = neurons;
  for (const auto& x : how.shares) {
    auto quota = static_cast<double>(neurons) * x.percentage / sum;
    auto count = std::min(left, static_cast<uint64_t>(quota));
    counts.push_back(count);
    remainders.push_back(quota - static_cast<double>(count));
    left -= count;
  }
  std::vector<size_t> order(counts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](size_t i) { return remainders[i]; });
  for (size_t i = 0; left > 0; i = (i + 1) % order.size(), --left)
    ++counts[order[i]];
  return counts;
}

result<std::vector<uint64_t>> written_counts(const scope& of,
                                             const distribution& how) {
  auto neurons = of.neurons.size();
  std::vector<uint64_t> counts;
  uint64_t sum = 0;
  for (const auto& x : how.shares) {
    counts.push_back(x.count);
    sum = x.count > UINT64_MAX - sum ? UINT64_MAX : sum + x.count;
  }
  if (sum != neurons)
    return fail(ec::invalid_partition,
                "{}: the counts add up to {}, but {} has {} ({} {})",
                to_string(how.where), format_count(sum), of.name,
                counted(neurons, "neuron"),
                format_count(sum < neurons ? neurons - sum : sum - neurons),
                sum < neurons ? "in no part" : "too many");
  return counts;
}

} // namespace

result<std::vector<uint64_t>> counts_of(const scope& of,
                                        const distribution& how) {
  if (how.how == mechanism::even)
    return even_counts(of.neurons.size(), how.parts);
  if (how.how == mechanism::count)
    return written_counts(of, how);
  if (auto err = check_percentages(how))
    return err;
  return round_percentages(how, of.neurons.size());
}

} // namespace nnactor
