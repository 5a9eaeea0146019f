#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace nnactor {

/// Where a setting was written, so that an error found long after parsing can
/// still point at it.
struct origin {
  std::string file;    ///< Path as the user gave it, or "--set KEY".
  uint32_t line = 0;   ///< 1-based; 0 when the setting is a default.
  uint32_t column = 0; ///< 1-based.
};

/// Renders `file:line:column`, or the file alone where there is no line.
inline std::string to_string(const origin& where) {
  if (where.line == 0)
    return where.file.empty() ? "default settings" : where.file;
  return fmt::format("{}:{}:{}", where.file, where.line, where.column);
}

} // namespace nnactor
