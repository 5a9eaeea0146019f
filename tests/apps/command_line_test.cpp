#include "terminal/command_line.hpp"

#include <doctest/doctest.h>

using namespace nnactor;

TEST_CASE("the words of a process are those that it was started with") {
  auto words = words_of_this_process();
  REQUIRE(!words.empty());
  CHECK(words.front().find("test_apps") != std::string::npos);
}

TEST_CASE("the line that goes on is the one that began, with --resume") {
  std::vector<std::string> words{"nnactor", "run",           "my config.toml",
                                 "--set",   "train.steps=5", "--overwrite"};
  CHECK(line_to_go_on(words, true)
        == "nnactor run 'my config.toml' --set train.steps=5 --resume");
  // From the beginning it is the same once more.
  CHECK(line_to_go_on(words, false)
        == "nnactor run 'my config.toml' --set train.steps=5 --overwrite");
  words = {"nnactor", "run", "--resume", "x.toml"};
  CHECK(line_to_go_on(words, true) == "nnactor run --resume x.toml");
}
