#include "nnactor/nearest.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

TEST_CASE("edit distance counts insertions, deletions and replacements") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("hidden", "hidden") == 0);
}

TEST_CASE("a mistyped word finds the one that was meant") {
  std::vector<std::string> words = {"hidden", "output", "embed"};
  CHECK(nearest("hiden", words) == "hidden");
  CHECK(nearest("otuput", words) == "output");
  CHECK(nearest("zebra", words).empty());
  CHECK(did_you_mean("hiden", words) == "; did you mean 'hidden'?");
  CHECK(did_you_mean("zebra", words).empty());
}
