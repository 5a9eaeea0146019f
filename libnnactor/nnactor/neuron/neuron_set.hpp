#pragma once

#include <cstdint>
#include <optional>
#include <string>
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

/// A set of neurons, held as sorted, disjoint, non-adjacent intervals. The
/// *slot* of a neuron is its rank among the ids of the set: row `slot` of a
/// group's parameters belongs to that neuron.
class neuron_set {
public:
  neuron_set() = default;

  /// Takes intervals in any order; overlapping and adjacent ones are merged,
  /// empty ones dropped.
  explicit neuron_set(std::vector<neuron_interval> intervals);

  static neuron_set range(neuron_id begin, neuron_id end);

  /// Takes ids in any order; repeated ones count once.
  static neuron_set of(std::vector<neuron_id> ids);

  uint64_t size() const noexcept {
    return size_;
  }

  bool empty() const noexcept {
    return size_ == 0;
  }

  const std::vector<neuron_interval>& intervals() const noexcept {
    return intervals_;
  }

  bool contains(neuron_id id) const noexcept;

  /// Returns the rank of `id`, nothing if it is not in the set.
  std::optional<uint64_t> slot_of(neuron_id id) const noexcept;

  /// Returns the neuron of rank `slot`.
  /// @pre `slot < size()`
  neuron_id id_at(uint64_t slot) const noexcept;

  friend neuron_set unite(const neuron_set& x, const neuron_set& y);
  friend neuron_set intersect(const neuron_set& x, const neuron_set& y);
  friend neuron_set subtract(const neuron_set& x, const neuron_set& y);

  friend bool operator==(const neuron_set& x, const neuron_set& y) {
    return x.intervals_ == y.intervals_;
  }

private:
  std::vector<neuron_interval> intervals_;
  std::vector<uint64_t> first_slots_; ///< Slot of each interval's first id.
  uint64_t size_ = 0;
};

/// Returns the neurons that are in either, in both, or only in the first.
neuron_set unite(const neuron_set& x, const neuron_set& y);
neuron_set intersect(const neuron_set& x, const neuron_set& y);
neuron_set subtract(const neuron_set& x, const neuron_set& y);

/// Renders "0-84,86,90-99" (both ends inclusive), cut after `limit` intervals.
std::string to_string(const neuron_set& xs, size_t limit = 8);

} // namespace nnactor
