#include "nnactor/codec/framed.hpp"

#include "support/mutate.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr std::string_view magic = "NNACTORX";

std::vector<std::byte> some_bytes(size_t size) {
  std::vector<std::byte> bytes(size);
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>(i * 7);
  return bytes;
}

std::string complaint(std::span<const std::byte> file) {
  auto payload = unframe(magic, 3, file, ec::store_corrupt);
  if (!payload)
    CHECK(code_of(payload.error()) == ec::store_corrupt);
  return sentence(payload);
}

} // namespace

TEST_CASE("a frame gives back its payload") {
  for (auto size : {0, 1, 8, 1000}) {
    auto payload = some_bytes(size);
    auto file = frame(magic, 3, payload);
    CHECK(file.size() == payload.size() + 8 + 4 + 4 + 8 + 32);
    CHECK(must(unframe(magic, 3, file, ec::store_corrupt)) == payload);
  }
}

TEST_CASE("a frame has the layout that is documented, on every machine") {
  auto file = frame(magic, 0x01020304, some_bytes(5));
  CHECK(file[0] == std::byte{'N'});
  CHECK(file[8] == std::byte{4});
  CHECK(file[11] == std::byte{1});
  CHECK(file[12] == std::byte{0});
  CHECK(file[16] == std::byte{5});
  CHECK(file[24 + 4] == std::byte{28});
}

TEST_CASE("another kind, another version and a cut file are told apart") {
  auto file = frame(magic, 3, some_bytes(100));
  CHECK(complaint(frame("NNACTORY", 3, some_bytes(9)))
        == "not a file of the kind NNACTORX");
  CHECK(complaint({}) == "not a file of the kind NNACTORX");
  CHECK(complaint(frame(magic, 4, some_bytes(9)))
        == "version 4 of NNACTORX is not one that this program reads (version "
           "3)");
  CHECK(complaint(std::span{file}.first(40))
        == "the file ends after 40 bytes, within its header");
  CHECK(complaint(std::span{file}.first(120))
        == "the file holds 64 bytes of content, its header says 100");
  file[50] ^= std::byte{1};
  CHECK(complaint(file)
        == "the SHA-256 digest does not match: the file is damaged");
}

TEST_CASE("no damage goes unnoticed") {
  CHECK(rc::check("a changed file is never accepted", [] {
    auto file = frame(magic, 3, some_bytes(*rc::gen::inRange(0, 64)));
    auto other = damaged(file);
    auto accepted = unframe(magic, 3, other, ec::store_corrupt);
    RC_ASSERT(static_cast<bool>(accepted) == (other == file));
  }));
}
