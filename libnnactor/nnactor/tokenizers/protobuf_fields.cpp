#include "nnactor/tokenizers/protobuf_fields.hpp"

namespace nnactor {

std::optional<protobuf_field> protobuf_fields::broken() {
  is_broken_ = true;
  left_ = {};
  return std::nullopt;
}

std::optional<uint64_t> protobuf_fields::number() {
  uint64_t out = 0;
  for (int shift = 0; shift < 64 && !left_.empty(); shift += 7) {
    auto byte = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    out |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80)
      return out;
  }
  return std::nullopt;
}

std::optional<uint64_t> protobuf_fields::fixed(size_t bytes) {
  if (left_.size() < bytes)
    return std::nullopt;
  uint64_t out = 0;
  for (size_t i = 0; i < bytes; ++i)
    out |= static_cast<uint64_t>(static_cast<unsigned char>(left_[i]))
           << (8 * i);
  left_.remove_prefix(bytes);
  return out;
}

std::optional<protobuf_field> protobuf_fields::next() {
  if (left_.empty())
    return std::nullopt;
  constexpr uint64_t kinds = 8; // The lowest three bits of a tag.
  auto tag = number();
  if (!tag || *tag / kinds == 0 || *tag / kinds > UINT32_MAX / kinds)
    return broken();
  protobuf_field out;
  out.number = static_cast<uint32_t>(*tag / kinds);
  std::optional<uint64_t> value;
  switch (*tag % kinds) {
  case 0:
  case 2:
    value = number();
    break;
  case 1:
    value = fixed(8);
    break;
  case 5:
    value = fixed(4);
    break;
  default:
    break;
  }
  if (!value)
    return broken();
  out.value = *value;
  out.has_bytes = *tag % kinds == 2;
  if (!out.has_bytes)
    return out;
  if (*value > left_.size())
    return broken();
  out.bytes = left_.substr(0, *value);
  left_.remove_prefix(*value);
  return out;
}

} // namespace nnactor
