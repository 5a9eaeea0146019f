#pragma once

#include "nnactor/error.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace nnactor {

// Looking into JSON of unknown origin: nothing here throws, and what is of
// another type is as if it were not there, which the reader then says.

/// A member of an object; null where there is none.
inline const nlohmann::json& member(const nlohmann::json& of,
                                    const char* name) {
  static const nlohmann::json null;
  if (!of.is_object())
    return null;
  auto found = of.find(name);
  return found == of.end() ? null : *found;
}

inline std::string text_of(const nlohmann::json& x) {
  return x.is_string() ? x.get<std::string>() : std::string{};
}

inline bool flag_of(const nlohmann::json& x, bool otherwise) {
  return x.is_boolean() ? x.get<bool>() : otherwise;
}

/// A number that can be an id.
inline std::optional<int32_t> whole_of(const nlohmann::json& x) {
  if (!x.is_number_unsigned() || x.get<uint64_t>() > INT32_MAX)
    return std::nullopt;
  return static_cast<int32_t>(x.get<uint64_t>());
}

/// Parses a file, whose name is for the error. Fails with `ec::invalid_data` on
/// what is no object.
inline result<nlohmann::json> parse_object(const std::string& text,
                                           const char* file) {
  auto out = nlohmann::json::parse(text, nullptr, false);
  if (!out.is_object())
    return fail(ec::invalid_data, "{}: is no object of JSON", file);
  return out;
}

} // namespace nnactor
