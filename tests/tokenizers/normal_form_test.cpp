#include "nnactor/tokenizers/normal_form.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

namespace {

std::string nfc(std::string_view text) {
  auto out = composed(text);
  REQUIRE(out);
  return *out;
}

} // namespace

// From the tables of Unicode Standard Annex 15.
TEST_CASE("characters in several code points become one") {
  CHECK(nfc("plain") == "plain");
  CHECK(nfc("e\xcc\x81") == "\xc3\xa9");
  CHECK(nfc("\xc3\xa9") == "\xc3\xa9");
  // The sign for angstrom is the letter A with a ring.
  CHECK(nfc("\xe2\x84\xab") == "\xc3\x85");
  // Hangul: U+1112 U+1161 U+11AB.
  CHECK(nfc("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab") == "\xed\x95\x9c");
  // A ligature is only compatible with its letters.
  CHECK(nfc("\xef\xac\x81") == "\xef\xac\x81");
}

TEST_CASE("marks are brought into order before that") {
  // d, dot above (230), dot below (220): the dot below comes first.
  CHECK(nfc("d\xcc\x87\xcc\xa3") == "\xe1\xb8\x8d\xcc\x87");
  // Those of one class keep their order.
  CHECK(nfc("x\xcc\x81\xcc\x80") == "x\xcc\x81\xcc\x80");
}

TEST_CASE("a megabyte of marks is no attack") {
  std::string marks;
  while (marks.size() < (size_t{1} << 20))
    marks += "\xcc\x81\xcc\x96"; // Classes 230 and 220 in turns.
  auto out = nfc("x" + marks);
  CHECK(out.size() == 1 + marks.size());
  CHECK(out.substr(1, 4) == "\xcc\x96\xcc\x96");
}
