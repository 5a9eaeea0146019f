#include "nnactor/tokenizers/byte_alphabet.hpp"

#include "nnactor/utf8.hpp"

#include <array>

namespace nnactor {

namespace {

constexpr bool is_seen(uint32_t byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172)
         || byte >= 174;
}

constexpr std::array<uint32_t, 256> make_points() {
  std::array<uint32_t, 256> out{};
  uint32_t next = 256;
  for (uint32_t byte = 0; byte < 256; ++byte)
    out[byte] = is_seen(byte) ? byte : next++;
  return out;
}

/// The code point of each byte.
constexpr auto points_of_bytes = make_points();

/// The highest is U+0143.
constexpr size_t point_count = 0x144;

constexpr std::array<int, point_count> make_bytes() {
  std::array<int, point_count> out{};
  for (auto& x : out)
    x = -1;
  for (size_t byte = 0; byte < points_of_bytes.size(); ++byte)
    out[points_of_bytes[byte]] = static_cast<int>(byte);
  return out;
}

/// The byte of each code point, or -1.
constexpr auto bytes_of_points = make_bytes();

} // namespace

std::string to_alphabet(std::string_view bytes) {
  std::string out;
  for (auto x : bytes)
    out += encode_code_point(points_of_bytes[static_cast<unsigned char>(x)]);
  return out;
}

std::string from_alphabet(std::string_view piece) {
  std::string out;
  for_each_code_point(piece, [&](uint32_t point, size_t at) {
    if (point < point_count && bytes_of_points[point] >= 0)
      out += static_cast<char>(bytes_of_points[point]);
    else if (point == no_code_point)
      out += piece[at];
    else
      out += encode_code_point(point);
    return true;
  });
  return out;
}

} // namespace nnactor
