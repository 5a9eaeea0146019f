#pragma once

#include "nnactor/error.hpp"
#include "nnactor/messages/message_types.hpp"

#include <map>
#include <optional>

namespace nnactor {

/// Puts the pieces of tensors together. Pieces of one tensor come in order,
/// for they come from one link; anything else is a peer's mistake.
class assembly {
public:
  /// @param max_columns Of any tensor of the network.
  /// @param max_open Tensors of which pieces are missing at most: each link
  ///        sends one after the other.
  explicit assembly(uint64_t max_columns = 0, size_t max_open = 1)
      : max_columns_(max_columns), max_open_(max_open) {
  }

  /// Returns the tensor if this was its last piece.
  result<std::optional<tensor>> add(const tensor_piece& piece);

  /// Number of tensors of which pieces are missing.
  size_t size() const {
    return open_.size();
  }

private:
  struct entry {
    byte_buffer buffer;
    uint64_t filled = 0;
  };

  caf::error check(const tensor_piece& piece) const;

  uint64_t max_columns_;
  size_t max_open_;
  std::map<tensor_key, entry> open_;
};

} // namespace nnactor
