#pragma once

#include "nnactor/utf8.hpp"

#include <optional>
#include <string_view>

namespace nnactor {

/// Cuts bytes where they stop or begin to be UTF-8: calls
/// `use(stretch, whether it is UTF-8)` for each until that returns an error,
/// and returns that.
template <class Use>
auto for_each_stretch(std::string_view bytes, Use use)
    -> decltype(use(bytes, true)) {
  decltype(use(bytes, true)) out{};
  size_t begin = 0;
  std::optional<bool> is_text;
  auto finish = [&](size_t end) {
    if (end > begin)
      out = use(bytes.substr(begin, end - begin), *is_text);
    begin = end;
    return !out;
  };
  for_each_code_point(bytes, [&](uint32_t point, size_t at) {
    auto is = point != no_code_point;
    if (is_text && *is_text != is && !finish(at))
      return false;
    is_text = is;
    return true;
  });
  if (!out)
    finish(bytes.size());
  return out;
}

} // namespace nnactor
