#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nnactor {

/// A field of a message as it is written (protobuf.dev, "Encoding").
struct protobuf_field {
  uint32_t number = 0;
  uint64_t value = 0;     ///< Of numbers, fixed ones as their bits.
  std::string_view bytes; ///< Of strings and messages.
  bool has_bytes = false;
};

/// Goes through the fields of a message, never beyond its end.
class protobuf_fields {
public:
  explicit protobuf_fields(std::string_view message) : left_(message) {
  }

  /// Returns the next field; nothing at the end, or where `is_broken`.
  std::optional<protobuf_field> next();

  /// Whether the message breaks a rule of the format, or has groups.
  bool is_broken() const {
    return is_broken_;
  }

private:
  std::optional<uint64_t> number();
  std::optional<uint64_t> fixed(size_t bytes);
  std::optional<protobuf_field> broken();

  std::string_view left_;
  bool is_broken_ = false;
};

} // namespace nnactor
