#include "nnactor/run/sampler.hpp"
#include "support/actors.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;

namespace {

const vocabulary abc{{'\n', 'a', 'b', 'c'}};

/// Always says that the token after the last one comes next.
result<tensor> successor(const tensor& context) {
  auto last = context.values<int32_t>().back();
  tensor_builder<float> out{{1, 4}};
  for (int32_t i = 0; i < 4; ++i)
    out.values()[static_cast<size_t>(i)] = i == (last + 1) % 4 ? 0.97f : 0.01f;
  return std::move(out).share();
}

} // namespace

TEST_CASE("at temperature 0 the most likely one is drawn, whatever the dice") {
  const std::vector<float> p = {0.2f, 0.5f, 0.3f};
  for (auto dice : {0.0, 0.5, 0.999999})
    CHECK(draw(p, 0, dice) == 1);
}

TEST_CASE("at temperature 1 shares are the probabilities") {
  const std::vector<float> p = {0.25f, 0.5f, 0.25f};
  CHECK(draw(p, 1, 0.0) == 0);
  CHECK(draw(p, 1, 0.2499) == 0);
  CHECK(draw(p, 1, 0.2501) == 1);
  CHECK(draw(p, 1, 0.7499) == 1);
  CHECK(draw(p, 1, 0.7501) == 2);
  CHECK(draw(p, 1, 0.999999) == 2);
}

TEST_CASE("low temperatures sharpen") {
  const std::vector<float> p = {0.25f, 0.5f, 0.25f};
  // Squared: 1, 4, 1 of 6.
  CHECK(draw(p, 0.5f, 0.16) == 0);
  CHECK(draw(p, 0.5f, 0.17) == 1);
  CHECK(draw(p, 0.5f, 0.83) == 1);
  CHECK(draw(p, 0.5f, 0.84) == 2);
}

TEST_CASE("text goes on from its prompt, one character at a time") {
  std::string text;
  auto err = generate(abc, {3, 3}, "xab", {6, 0, 1}, successor,
                      [&](const std::string& more) { text += more; });
  CHECK(!err);
  CHECK(text == "c\nabc\n");
}

TEST_CASE("an empty prompt starts after a line feed") {
  std::string text;
  CHECK(!generate(abc, {5, 5}, "", {3, 0, 1}, successor,
                  [&](const std::string& more) { text += more; }));
  CHECK(text == "abc");
}

TEST_CASE("the same seed gives the same text, another one another") {
  auto run = [](uint64_t seed) {
    std::string text;
    sampling how{60, 3.0f, seed};
    REQUIRE(!generate(abc, {2, 2}, "a", how, successor,
                      [&](const std::string& more) { text += more; }));
    return text;
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}

TEST_CASE("a prediction that fails ends the text with its reason") {
  auto err = generate(
      abc, {2, 2}, "a", {},
      [](const tensor&) -> result<tensor> {
        return fail(ec::node_lost, "node a:1 is gone");
      },
      [](const std::string&) { FAIL("nothing was predicted"); });
  CHECK(code_of(err) == ec::node_lost);
}
