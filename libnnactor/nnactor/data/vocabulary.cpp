#include "nnactor/data/dataset.hpp"
#include "nnactor/data/utf8.hpp"

#include <algorithm>

namespace nnactor {

std::vector<int32_t> vocabulary::encode(const std::string& text) const {
  std::vector<int32_t> tokens;
  for_each_code_point(text, [&](uint32_t point, size_t) {
    auto found =
        std::lower_bound(code_points.begin(), code_points.end(), point);
    if (found != code_points.end() && *found == point)
      tokens.push_back(static_cast<int32_t>(found - code_points.begin()));
    return true;
  });
  return tokens;
}

std::vector<uint32_t> vocabulary::unknown(const std::string& text) const {
  std::vector<uint32_t> out;
  for_each_code_point(text, [&](uint32_t point, size_t) {
    if (!std::ranges::binary_search(code_points, point)
        && std::ranges::find(out, point) == out.end() && point != no_code_point)
      out.push_back(point);
    return true;
  });
  return out;
}

std::string vocabulary::decode(int32_t token) const {
  if (token < 0 || static_cast<size_t>(token) >= code_points.size())
    return {};
  return encode_code_point(code_points[static_cast<size_t>(token)]);
}

std::string name_of_character(uint32_t code_point) {
  return fmt::format("'{}' (U+{:04X})", encode_code_point(code_point),
                     code_point);
}

} // namespace nnactor
