#pragma once

#include <cstdint>

namespace nnactor {

/// Columns of one matrix that become columns of another one.
struct column_span {
  uint64_t from = 0; ///< The first, where they come from: of a producer.
  uint64_t to = 0;   ///< The first, where they go to: of a consumer.
  uint64_t count = 0;

  friend bool operator==(const column_span&, const column_span&) = default;
};

} // namespace nnactor
