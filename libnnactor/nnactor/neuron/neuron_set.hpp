#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nnactor {

/// Global and stable: every layer owns one contiguous range of ids.
using neuron_id = uint64_t;

/// The ids `begin <= id < end`.
struct neuron_interval {
  neuron_id begin = 0;
  neuron_id end = 0;

  uint64_t size() const noexcept {
    return end - begin;
  }

  friend bool operator==(const neuron_interval&,
                         const neuron_interval&) = default;
};

/// An interval of a shuffled range: the neurons `domain.begin + order(rank)` of
/// all its ranks, `order` being the `permutation` of the domain under the key.
/// So any share of a range, taken at random, is 40 bytes long.
struct shuffled_interval {
  neuron_interval domain;
  uint64_t key = 0;
  neuron_interval ranks; ///< Inside [0, domain.size()).

  friend bool operator==(const shuffled_interval&,
                         const shuffled_interval&) = default;
};

/// A set of neurons, held as intervals in plain or in shuffled order. The
/// *slot* of a neuron is its rank among the ids of the set: row `slot` of a
/// group's parameters belongs to that neuron. Copies share what they hold.
class neuron_set {
public:
  neuron_set();

  /// Takes intervals in any order; overlapping and adjacent ones are merged,
  /// empty ones dropped.
  explicit neuron_set(std::vector<neuron_interval> intervals);

  static neuron_set range(neuron_id begin, neuron_id end);

  /// Takes ids in any order; repeated ones count once.
  static neuron_set of(std::vector<neuron_id> ids);

  /// Takes intervals of both kinds, in any order.
  /// @pre ranks lie inside their domains
  static neuron_set of(std::vector<neuron_interval> plain,
                       std::vector<shuffled_interval> shuffled);

  /// Whether sorted intervals of both kinds have no neuron twice.
  static bool are_apart(const std::vector<neuron_interval>& plain,
                        const std::vector<shuffled_interval>& shuffled);

  uint64_t size() const noexcept;

  bool empty() const noexcept {
    return size() == 0;
  }

  /// What the set is made of: sorted, disjoint, non-adjacent intervals outside
  /// of all domains, and shuffled ones by ascending domains, which are disjoint
  /// unless they are the same under the same key.
  const std::vector<neuron_interval>& plain() const noexcept;
  const std::vector<shuffled_interval>& shuffled() const noexcept;

  /// All ids as sorted, disjoint, non-adjacent intervals. Where some are
  /// shuffled, the first call lists them, which takes memory that grows with
  /// their number: for neurons of one's own, not for those of others.
  const std::vector<neuron_interval>& intervals() const;

  /// A range that holds all neurons; tight where none is shuffled.
  neuron_interval bounds() const noexcept;

  bool contains(neuron_id id) const noexcept;

  /// Returns the rank of `id`, nothing if it is not in the set. Lists what is
  /// shuffled, as does `id_at`.
  std::optional<uint64_t> slot_of(neuron_id id) const;

  /// Returns the neuron of rank `slot`.
  /// @pre `slot < size()`
  neuron_id id_at(uint64_t slot) const;

  /// Memory that the set takes, without what `intervals` lists.
  size_t bytes() const noexcept;

  friend bool operator==(const neuron_set& x, const neuron_set& y);

private:
  struct content;

  explicit neuron_set(std::shared_ptr<const content> what);

  std::shared_ptr<const content> content_; ///< Never null.
};

/// Returns the neurons that are in either, in both, or only in the first. What
/// is shuffled stays so as long as whole domains are in or out.
neuron_set unite(const neuron_set& x, const neuron_set& y);
neuron_set intersect(const neuron_set& x, const neuron_set& y);
neuron_set subtract(const neuron_set& x, const neuron_set& y);

/// Returns the neurons that are in any of many sets: they are sorted once, not
/// again for each.
neuron_set unite_all(const std::vector<neuron_set>& all);

/// Returns `count` neurons of a set, drawn at random under a key, and those
/// that are left. Of what was dealt before, the key is that of the first time.
/// @pre `count <= from.size()`
std::pair<neuron_set, neuron_set> deal(const neuron_set& from, uint64_t count,
                                       uint64_t key);

/// Renders "0-84,86,90-99" (both ends inclusive), cut after `limit` intervals.
std::string to_string(const neuron_set& xs, size_t limit = 8);

} // namespace nnactor
