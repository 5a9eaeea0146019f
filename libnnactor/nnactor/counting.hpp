#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace nnactor {

// Numbers as people read them, everywhere but in JSON and in what is typed.

/// "1,234,567"
inline std::string format_count(uint64_t count) {
  auto text = fmt::format("{}", count);
  for (auto i = static_cast<ptrdiff_t>(text.size()) - 3; i > 0; i -= 3)
    text.insert(static_cast<size_t>(i), 1, ',');
  return text;
}

/// "1 node", "1,200 nodes": a count of what has a plural in s.
inline std::string counted(uint64_t count, const char* what) {
  return fmt::format("{} {}{}", format_count(count), what,
                     count == 1 ? "" : "s");
}

} // namespace nnactor
