#include "nnactor/formats/block_type.hpp"

#include "nnactor/formats/blocks.hpp"

#include <algorithm>

namespace nnactor {

namespace {

constexpr block_type all_types[] = {
    {0, "F32", 1, 4, read_f32},        {1, "F16", 1, 2, read_f16},
    {30, "BF16", 1, 2, read_bf16},     {2, "Q4_0", 32, 18, read_q4_0},
    {3, "Q4_1", 32, 20, read_q4_1},    {6, "Q5_0", 32, 22, read_q5_0},
    {7, "Q5_1", 32, 24, read_q5_1},    {8, "Q8_0", 32, 34, read_q8_0},
    {12, "Q4_K", 256, 144, read_q4_k}, {13, "Q5_K", 256, 176, read_q5_k},
    {14, "Q6_K", 256, 210, read_q6_k},
};

} // namespace

std::span<const block_type> block_types() {
  return all_types;
}

const block_type* find_block_type(uint32_t id) {
  auto found = std::ranges::find(all_types, id, &block_type::id);
  return found == std::end(all_types) ? nullptr : found;
}

const block_type* find_block_type(std::string_view name) {
  auto found = std::ranges::find_if(
      all_types, [&](const block_type& x) { return x.name == name; });
  return found == std::end(all_types) ? nullptr : found;
}

std::string block_type_names() {
  std::string out;
  for (const auto& x : all_types)
    out += (out.empty() ? "" : ", ") + std::string{x.name};
  return out;
}

void read_blocks(const block_type& type, std::span<const std::byte> from,
                 std::span<float> into) {
  auto blocks = from.size() / type.bytes;
  for (size_t i = 0; i < blocks; ++i)
    type.read(from.data() + i * type.bytes, into.data() + i * type.values);
}

} // namespace nnactor
