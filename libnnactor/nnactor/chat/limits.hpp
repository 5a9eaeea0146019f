#pragma once

#include <cstddef>
#include <cstdint>

/// Templates come with the files of models, from anybody. What they can cost is
/// bounded here, far above what those of real models need.
namespace nnactor::chat::limits {

constexpr size_t template_size = size_t{1} << 20; ///< Bytes.
constexpr uint32_t parser_depth = 100;   ///< Of brackets or blocks in others.
constexpr uint32_t tree_depth = 200;     ///< Of a parsed expression.
constexpr uint32_t value_depth = 64;     ///< Of lists in lists.
constexpr uint32_t renderer_depth = 400; ///< Of expressions, blocks and macros.

/// Units of work of a rendering: a byte or an element that is made or looked
/// at is one, an expression or statement some more. What messages and
/// variables hold adds to it.
constexpr size_t work = size_t{1} << 26;
constexpr size_t work_per_byte = 64; ///< Of messages and variables.
constexpr size_t work_of_node = 16;

} // namespace nnactor::chat::limits
