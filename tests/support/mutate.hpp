#pragma once

#include <rapidcheck.h>

#include <cstddef>
#include <vector>

namespace nnactor::test {

/// Draws what a damaged disk or a hostile peer makes of a piece of bytes: some
/// flipped bits, overwritten words, or another length.
inline std::vector<std::byte> damaged(std::vector<std::byte> bytes) {
  auto changes = *rc::gen::inRange(1, 6);
  for (int i = 0; i < changes && !bytes.empty(); ++i) {
    auto at = *rc::gen::inRange<size_t>(0, bytes.size());
    switch (*rc::gen::inRange(0, 8)) {
    case 0:
      bytes.resize(at);
      break;
    case 1:
      bytes.resize(bytes.size() + 8 * (at % 4));
      break;
    case 2:
      bytes[at] = std::byte{0xff};
      break;
    case 3:
      bytes[at] = std::byte{0};
      break;
    default:
      bytes[at] ^= std::byte{1} << *rc::gen::inRange(0, 8);
    }
  }
  return bytes;
}

} // namespace nnactor::test
