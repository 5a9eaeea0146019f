#include "nnactor/store/checksum.hpp"

#include <doctest/doctest.h>

#include <string_view>

using namespace nnactor;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

} // namespace

TEST_CASE("CRC-32C gives the check value of its definition") {
  CHECK(crc32c(bytes_of("123456789")) == 0xE3069283);
  CHECK(crc32c({}) == 0);
  // RFC 3720, B.4: 32 bytes of zeros.
  CHECK(crc32c(std::vector<std::byte>(32)) == 0x8A9136AA);
}

TEST_CASE("every MiB of a slice has a checksum of its own") {
  std::vector<std::byte> bytes(piece_size + 5, std::byte{7});
  auto sums = checksums_of(bytes);
  REQUIRE(sums.size() == 2);
  CHECK(sums[0] == crc32c(std::span{bytes}.first(piece_size)));
  CHECK(sums[1] == crc32c(std::span{bytes}.last(5)));
  CHECK(checksums_of({}).empty());
  CHECK(piece_count(0) == 0);
  CHECK(piece_count(piece_size) == 1);
}

TEST_CASE("SHA-256 in pieces equals SHA-256 in one go") {
  hasher pieces;
  pieces.add(bytes_of("a"));
  pieces.add(bytes_of("bc"));
  auto sum = pieces.finish();
  CHECK(sum == digest_of(bytes_of("abc")));
  CHECK(to_string(sum, 16) == "ba7816bf8f01cfea");
  CHECK(to_string(sum).size() == 64);
}
