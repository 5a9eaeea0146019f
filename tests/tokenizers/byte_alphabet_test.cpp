#include "nnactor/tokenizers/byte_alphabet.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

using namespace nnactor;

TEST_CASE("each byte has a character of its own that can be seen") {
  CHECK(to_alphabet("a~!") == "a~!");
  CHECK(to_alphabet(" \n\t") == "\xc4\xa0\xc4\x8a\xc4\x89"); // U+0120, 10A, 109
  CHECK(to_alphabet("\xc3\xa9") == "\xc3\x83\xc2\xa9");
  // The soft hyphen, which is not seen, is the last of those that move.
  CHECK(to_alphabet("\xad") == "\xc5\x83"); // U+0143
  std::set<std::string> all;
  for (int byte = 0; byte < 256; ++byte)
    all.insert(to_alphabet(std::string(1, static_cast<char>(byte))));
  CHECK(all.size() == 256);
}

TEST_CASE("any bytes come back from their characters") {
  CHECK(rc::check([](const std::string& bytes) {
    RC_ASSERT(from_alphabet(to_alphabet(bytes)) == bytes);
  }));
}

TEST_CASE("characters that stand for no byte stay what they are") {
  CHECK(from_alphabet("\xe4\xbd\xa0 a\xc4\xa0") == "\xe4\xbd\xa0 a ");
  CHECK(from_alphabet("\xff") == "\xff");
}
