#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace nnactor {

/// Renders a value as one line of JSON that can be printed whatever is in it.
/// Bytes that are not UTF-8 become replacement characters; control characters
/// that JSON allows as they are (DEL and C1, which terminals obey) become
/// escapes; what is not finite is null.
template <class Json>
std::string json_text(const Json& what) {
  auto text = what.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
    auto is_c1 = byte(i) == 0xc2 && i + 1 < text.size() && byte(i + 1) < 0xa0;
    if (byte(i) != 0x7f && !is_c1) {
      out += text[i];
      continue;
    }
    constexpr auto digits = "0123456789abcdef";
    auto point = is_c1 ? byte(++i) : byte(i);
    out += "\\u00";
    out += digits[point >> 4];
    out += digits[point & 15];
  }
  return out;
}

} // namespace nnactor
