#include "nnactor/neuron/random.hpp"
#include "nnactor/partition/scope.hpp"

namespace nnactor {

namespace {

/// Returns the neurons of slots `begin <= slot < end` of a set.
neuron_set slots(const neuron_set& from, uint64_t begin, uint64_t end) {
  if (begin == end)
    return {};
  auto first = from.id_at(begin);
  auto last = from.id_at(end - 1);
  return intersect(from, neuron_set::range(first, last + 1));
}

/// Returns what one part gets, and what is left.
std::pair<neuron_set, neuron_set>
pick_some(const neuron_set& from, uint64_t count, pick how, uint64_t key) {
  if (how == pick::random || count == from.size())
    return deal(from, count, key);
  auto taken = how == pick::begin
                   ? slots(from, 0, count)
                   : slots(from, from.size() - count, from.size());
  return {taken, subtract(from, taken)};
}

} // namespace

std::vector<neuron_set> take(const scope& of, const distribution& how,
                             const std::vector<uint64_t>& counts) {
  auto rest = neuron_set::range(of.neurons.begin, of.neurons.end);
  // One stream a scope and one key a part: a layer's picks do not depend on
  // the layers before it.
  counter_random keys{how.seed, of.index};
  std::vector<neuron_set> parts;
  for (size_t i = 0; i < counts.size(); ++i) {
    auto from = how.how == mechanism::even ? pick::begin : how.shares[i].from;
    auto [taken, left] = pick_some(rest, counts[i], from, keys.bits(i));
    parts.push_back(std::move(taken));
    rest = std::move(left);
  }
  return parts;
}

} // namespace nnactor
