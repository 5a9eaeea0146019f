#include "table.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

TEST_CASE("columns are as wide as their widest cell, numbers to the right") {
  table what{{"name", ">units", "note"}};
  what.add({"hidden", "12,345", "big"});
  what.add({"x", "7"});
  CHECK(what.render()
        == "  name     units  note\n"
           "  hidden  12,345  big\n"
           "  x            7\n");
}

TEST_CASE("a character of several bytes takes one column") {
  table what{{"name", ">n"}};
  what.add({"\u00fc\u00fc\u00fc\u00fc\u00fc", "1"});
  what.add({"abc", "2"});
  CHECK(what.render(0)
        == "name   n\n"
           "\u00fc\u00fc\u00fc\u00fc\u00fc  1\n"
           "abc    2\n");
}

TEST_CASE("what is in a cell stays in it, whatever it is") {
  table what{{"name", ">n"}};
  what.add({"a\nb\x1b[31m", "1"});
  CHECK(what.render(0)
        == "name          n\n"
           "a\\nb\\x1b[31m  1\n");
}
