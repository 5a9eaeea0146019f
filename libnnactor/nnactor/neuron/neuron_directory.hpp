#pragma once

#include "nnactor/neuron/neuron_set.hpp"
#include "nnactor/neuron/permutation.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace nnactor {

/// Which server of a cluster; the order is the same on all.
using server_index = uint32_t;

/// Neurons that change their server, as every server is told: 24 bytes on a
/// wire, however many they are.
struct neuron_move {
  neuron_interval ids;
  server_index to = 0;
  uint32_t number = 0; ///< Moves are applied in the order of their numbers.

  static constexpr size_t wire_bytes = 24;
};

/// Who owns each of up to 2^63 neurons, at a size that does not depend on their
/// number: every server has one interval of ranks, in the order of ids or in
/// that of a keyed permutation ("random n %"), and whatever has moved since is
/// an exception. Owner and slot of a neuron cost O(1), as does the way back.
/// Every server computes the same directory from (neurons, shares, key).
class neuron_directory {
public:
  /// @param shares Neurons of each server; their sum is all neurons, at
  /// least 1.
  /// @param key Of the permutation; nothing: in the order of ids.
  neuron_directory(const std::vector<uint64_t>& shares,
                   std::optional<uint64_t> key);

  ~neuron_directory();
  neuron_directory(neuron_directory&&) noexcept;
  neuron_directory& operator=(neuron_directory&&) noexcept;

  uint64_t neurons() const noexcept {
    return bounds_.back();
  }

  server_index servers() const noexcept {
    return static_cast<server_index>(bounds_.size() - 1);
  }

  /// Returns the server of a neuron.
  /// @pre `id < neurons()`
  server_index owner(neuron_id id) const noexcept;

  /// A neuron's server and its place there. Slots below the server's share are
  /// those it began with, in the order of ranks; neurons that have come later
  /// follow, move by move. The slot of a neuron that went stays empty.
  struct place {
    server_index server = 0;
    uint64_t slot = 0;
    friend bool operator==(const place&, const place&) = default;
  };

  /// @pre `id < neurons()`
  place place_of(neuron_id id) const noexcept;

  /// Returns the neuron at a place, nothing if the slot is empty.
  std::optional<neuron_id> neuron_at(const place& where) const noexcept;

  /// Looks many neurons up, several at a time.
  /// @pre `out` has as many elements as `ids`
  void owners(std::span<const neuron_id> ids,
              std::span<server_index> out) const;

  /// Gives neurons to a server and returns what the others must be told.
  /// @pre the interval is not empty and inside [0, neurons()); the server is
  ///      there
  neuron_move move(neuron_interval ids, server_index to);

  /// Applies what another server has told. Returns false, and changes nothing,
  /// if it is not the next one or names what is not there.
  bool apply(const neuron_move& what);

  /// Memory that this directory takes.
  size_t bytes() const;

private:
  struct exceptions;

  /// Shares that differ by one at most, the larger ones first, need no table.
  struct even_shares {
    uint64_t larger_end; ///< Rank behind the last server with one more.
    server_index larger; ///< Servers with one more.
    reciprocal more;
    reciprocal less;

    server_index server_of(uint64_t rank) const noexcept {
      if (rank < larger_end)
        return static_cast<server_index>(more.divide(rank).quotient);
      return larger
             + static_cast<server_index>(
                 less.divide(rank - larger_end).quotient);
    }
  };

  void find_even_shares(const std::vector<uint64_t>& shares);
  void make_guide();
  uint64_t rank_of(neuron_id id) const noexcept;
  server_index server_of(uint64_t rank) const noexcept;

  std::vector<uint64_t> bounds_; ///< First rank of each server, then the end.
  std::vector<uint32_t> guide_;  ///< First server of each bucket of ranks.
  uint32_t shift_ = 0;           ///< A rank's bucket is `rank >> shift_`.
  uint32_t steps_ = 0;           ///< Bounds in the fullest bucket.
  std::optional<even_shares> even_;
  std::optional<permutation> order_;
  std::unique_ptr<exceptions> moved_; ///< Null until something moves.
};

} // namespace nnactor
