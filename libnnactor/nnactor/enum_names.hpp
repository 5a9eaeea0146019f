#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nnactor {

/// Between the values 0, 1, ... of an enum and the words that users write.
template <class Enum, size_t N>
struct enum_names {
  std::array<const char*, N> names;

  constexpr const char* name_of(Enum value) const {
    auto index = static_cast<size_t>(value);
    return index < N ? names[index] : "unknown";
  }

  std::optional<Enum> value_of(std::string_view name) const {
    for (size_t i = 0; i < N; ++i)
      if (name == names[i])
        return static_cast<Enum>(i);
    return std::nullopt;
  }

  std::vector<std::string> all() const {
    return {names.begin(), names.end()};
  }
};

} // namespace nnactor
