#pragma once

#include <string_view>

namespace nnactor::test {

inline bool has(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

} // namespace nnactor::test
