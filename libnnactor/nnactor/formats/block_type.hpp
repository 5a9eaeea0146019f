#pragma once

#include "nnactor/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace nnactor {

/// A type of which tensors are in files: blocks of values that follow each
/// other, each made float32 by itself.
struct block_type {
  uint32_t id = 0;     ///< In GGUF.
  const char* name;    ///< "Q4_K".
  uint32_t values = 1; ///< Of a block.
  uint32_t bytes = 0;  ///< Of a block.
  /// Makes float32 of one block: reads `bytes`, writes `values`.
  void (*read)(const std::byte* from, float* into) = nullptr;
};

/// Every type that can be read.
std::span<const block_type> block_types();

/// Returns the type of that number in GGUF, or null.
const block_type* find_block_type(uint32_t id);

/// Returns the type of that name, or null.
const block_type* find_block_type(std::string_view name);

/// All names, "F32, F16, ...".
std::string block_type_names();

/// Makes float32 of whole blocks.
/// @pre `from.size() / type.bytes * type.values == into.size()`, and nothing is
/// left over of either.
void read_blocks(const block_type& type, std::span<const std::byte> from,
                 std::span<float> into);

} // namespace nnactor
