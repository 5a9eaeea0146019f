#include "nnactor/neuron/permutation.hpp"
#include "nnactor/neuron/random.hpp"
#include "nnactor/partition/scope.hpp"

namespace nnactor {

namespace {

/// Returns the neurons of ranks `begin <= rank < end` in a set.
neuron_set ranks(const neuron_set& from, uint64_t begin, uint64_t end) {
  if (begin == end)
    return {};
  auto first = from.id_at(begin);
  auto last = from.id_at(end - 1);
  return intersect(from, neuron_set::range(first, last + 1));
}

/// Returns the first `count` neurons of a shuffled set.
neuron_set shuffled(const neuron_set& from, uint64_t count, uint64_t key) {
  if (count == from.size())
    return from;
  std::vector<neuron_id> ids;
  if (count > 0) {
    permutation order{from.size(), key};
    ids.reserve(count);
    for (uint64_t i = 0; i < count; ++i)
      ids.push_back(from.id_at(order(i)));
  }
  return neuron_set::of(std::move(ids));
}

neuron_set pick_some(const neuron_set& from, uint64_t count, pick how,
                     uint64_t key) {
  switch (how) {
  case pick::begin:
    return ranks(from, 0, count);
  case pick::end:
    return ranks(from, from.size() - count, from.size());
  case pick::random:
    return shuffled(from, count, key);
  }
  return {};
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
    parts.push_back(pick_some(rest, counts[i], from, keys.bits(i)));
    rest = subtract(rest, parts.back());
  }
  return parts;
}

} // namespace nnactor
