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

std::string vocabulary::decode(int32_t token) const {
  if (token < 0 || static_cast<size_t>(token) >= code_points.size())
    return {};
  return encode_code_point(code_points[static_cast<size_t>(token)]);
}

} // namespace nnactor
