#include "terminal/table.hpp"

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

TEST_CASE("a table fits its screen: text is cut or goes on below, numbers are "
          "not touched") {
  table what{{">group", "layer", ">parameters", "read by"}};
  what.add({"10", "a layer of a long name", "1,234,567", "1,2,3,4,5,6,7,8,9"});
  what.add({"2", "b", "8", ""});
  fit_tables(40);
  auto narrow = what.render();
  fit_tables(10);
  auto narrowest = what.render();
  fit_tables(SIZE_MAX);
  CHECK(narrow
        == "  group  layer     parameters  read by\n"
           "     10  a layer~   1,234,567  1,2,3,4,~\n"
           "      2  b                  8\n");
  CHECK(narrowest
        == "  group  layer   parameters  read by\n"
           "     10  a lay~   1,234,567  1,2,3,~\n"
           "      2  b                8\n");
  CHECK(what.render().find("a layer of a long name  ") != std::string::npos);
}

TEST_CASE("the words of the last column go on below") {
  table what{{">generation", "remark"}};
  what.add({"7", "damaged: a file is missing"});
  what.add({"8", "damaged: models/song/000008/1"});
  fit_tables(28);
  auto narrow = what.render();
  fit_tables(SIZE_MAX);
  CHECK(narrow
        == "  generation  remark\n"
           "           7  damaged: a\n"
           "              file is\n"
           "              missing\n"
           "           8  damaged:\n"
           "              models/song/00\n"
           "              0008/1\n");
}
