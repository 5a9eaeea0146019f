#include "nnactor/sampling/stop_matcher.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace nnactor;

namespace {

using strings = std::vector<std::string>;

/// What is shown after each piece, then what comes at the end.
strings shown(const strings& stops, const strings& pieces) {
  stop_matcher matcher{stops};
  strings out;
  for (auto& piece : pieces)
    out.push_back(matcher.feed(piece));
  out.push_back(matcher.finish());
  return out;
}

struct outcome {
  std::string text;
  bool stopped = false;

  friend bool operator==(const outcome&, const outcome&) = default;
};

outcome fed(const strings& stops, const strings& pieces) {
  stop_matcher matcher{stops};
  outcome out;
  for (auto& piece : pieces)
    out.text += matcher.feed(piece);
  out.stopped = matcher.stopped();
  out.text += matcher.finish();
  return out;
}

/// The same, plainly: the stop with the first end, then the first begin.
outcome expected(const strings& stops, const std::string& text) {
  for (size_t end = 1; end <= text.size(); ++end) {
    size_t longest = 0;
    for (auto& stop : stops)
      if (text.substr(0, end).ends_with(stop))
        longest = std::max(longest, stop.size());
    if (longest > 0)
      return {text.substr(0, end - longest), true};
  }
  return {text, false};
}

} // namespace

TEST_CASE("what can begin a stop string is held back until that is clear") {
  CHECK(shown({"END"}, {"a E", "N", "x", "EN"})
        == strings{"a ", "", "ENx", "", "EN"});
  CHECK(shown({"END"}, {"a E", "ND b", "c"}) == strings{"a ", "", "", ""});
  CHECK(shown({"aab"}, {"a", "a", "a", "b"}) == strings{"", "", "a", "", ""});
  CHECK(shown({"\n\n"}, {"x\n", "\ny"}) == strings{"x", "", ""});
  CHECK(shown({"abcd", "bx"}, {"abc", "x"}) == strings{"", "abcx", ""});
  CHECK(shown({"abcd", "bc"}, {"ab", "c"}) == strings{"", "a", ""});
}

TEST_CASE("of stops that end together the longest counts") {
  CHECK(fed({"c", "abc"}, {"xabc"}) == outcome{"x", true});
  CHECK(fed({"abc", "b"}, {"xabc"}) == outcome{"xa", true});
}

TEST_CASE("without a stop string, all is shown at once") {
  CHECK(shown({}, {"a", "b"}) == strings{"a", "b", ""});
  CHECK(shown({""}, {"a", "b"}) == strings{"a", "b", ""});
}

TEST_CASE("characters are shown whole") {
  // The two begin with the same byte.
  CHECK(shown({"é!"}, {"è", "é", "x"}) == strings{"è", "", "éx", ""});
}

TEST_CASE("nothing is shown after a stop") {
  stop_matcher matcher{{"s"}};
  CHECK(matcher.feed("asb") == "a");
  CHECK(matcher.stopped());
  CHECK(matcher.feed("more") == "");
  CHECK(matcher.finish() == "");
}

TEST_CASE("any pieces have the outcome of the whole text") {
  CHECK(rc::check("stop_matcher is the plain search", [] {
    auto letters = rc::gen::elementOf(std::string{"aab"});
    auto word = rc::gen::container<std::string>(letters);
    auto stops = *rc::gen::container<strings>(rc::gen::nonEmpty(word));
    auto pieces = *rc::gen::container<strings>(word);
    std::string text;
    for (auto& piece : pieces)
      text += piece;
    auto want = expected(stops, text);
    RC_CLASSIFY(want.stopped);
    RC_ASSERT(fed(stops, pieces) == want);
    RC_ASSERT(fed(stops, {text}) == want);
  }));
}
