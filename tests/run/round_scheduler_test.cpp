#include "nnactor/neuron/random.hpp"
#include "nnactor/run/round_scheduler.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace nnactor;

namespace {

constexpr cache_limits limits{12, 100, 20};

/// What lies in the cache: tokens instead of keys and values.
class token_cache {
public:
  /// Computes a round and checks that it finds each text in its pages.
  void compute(const round_scheduler& in,
               const round_scheduler::planned& round) {
    REQUIRE(!check(round.what, limits));
    REQUIRE(round.answers.size() == round.what.wanted());
    REQUIRE(round.tokens.extent() == shape{round.what.rows(), 1});
    auto tokens = round.tokens.values<int32_t>();
    size_t row = 0;
    for (const auto& part : round.what.parts)
      for (uint32_t i = 0; i < part.rows; ++i)
        at(part, part.first + i) = tokens[row++];
    for (size_t i = 0; i < round.answers.size(); ++i) {
      const auto& part = round.what.parts[i];
      const auto& text = in.tokens(round.answers[i].text);
      for (uint32_t p = 0; p < part.first + part.rows; ++p)
        REQUIRE(at(part, p) == text[p]);
    }
  }

private:
  int32_t& at(const round_part& part, uint64_t position) {
    return tokens_[part.pages[position / page_positions] * page_positions
                   + position % page_positions];
  }

  std::vector<int32_t> tokens_ =
      std::vector<int32_t>(limits.pages * page_positions, -1);
};

/// A text, some of which begin alike.
std::vector<int32_t> any_text(counter_random random) {
  auto size = 1 + random.bits(0) % 70;
  auto alike = random.bits(1) % 60;
  std::vector<int32_t> out;
  for (uint64_t i = 0; i < size; ++i)
    out.push_back(
        static_cast<int32_t>(i < alike ? i % 7 : random.bits(9 + i) % 7));
  return out;
}

std::vector<int32_t> counted_up(uint64_t count) {
  std::vector<int32_t> out;
  for (uint64_t i = 0; i < count; ++i)
    out.push_back(static_cast<int32_t>(i));
  return out;
}

} // namespace

TEST_CASE("every round finds its texts in the cache, whoever comes and goes") {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    counter_random random{seed, 0};
    uint64_t drawn = 0;
    auto one_in = [&](uint64_t n) { return random.bits(drawn++) % n == 0; };
    round_scheduler scheduler{limits};
    token_cache cache;
    std::map<text_id, uint64_t> left; ///< Tokens to be written.
    uint64_t added = 0, rounds = 0;
    while (added < 20 || !left.empty()) {
      if (added < 20 && (left.empty() || one_in(2))) {
        auto more = 1 + random.bits(drawn++) % 30;
        auto id = scheduler.add(any_text({seed, ++added}), more);
        REQUIRE(id);
        left.emplace(*id, more);
      }
      if (one_in(40)) {
        scheduler.forget();
        cache = {};
      }
      auto round = scheduler.next();
      REQUIRE(round);
      REQUIRE(++rounds < 5000);
      cache.compute(scheduler, *round);
      for (auto [text, is_next] : round->answers) {
        if (!is_next)
          continue;
        if (--left.at(text) == 0 || one_in(50)) {
          scheduler.end(text);
          left.erase(text);
        } else {
          scheduler.go_on(text, static_cast<int32_t>(random.bits(drawn++) % 7));
        }
      }
    }
    CHECK(!scheduler.next());
    CHECK(scheduler.pages().available() == limits.pages);
  }
}

TEST_CASE("those that are written come before what is read") {
  round_scheduler scheduler{limits};
  auto first = *scheduler.add(counted_up(3), 5);
  CHECK(scheduler.next()->what.rows() == 3);
  scheduler.go_on(first, 7);
  auto second = *scheduler.add(counted_up(60), 5);
  auto round = scheduler.next();
  REQUIRE(round->answers.size() == 2);
  CHECK(round->answers[0].text == first);
  CHECK(round->answers[0].is_next);
  CHECK(round->answers[1].text == second);
  CHECK(!round->answers[1].is_next);
  CHECK(round->what.parts[1].rows == limits.rows - 1);
}

TEST_CASE("a text waits until all that it may become fits") {
  round_scheduler scheduler{limits};
  auto first = *scheduler.add({1}, 99);
  auto second = *scheduler.add({2}, 95);
  auto third = *scheduler.add({3}, 4);
  CHECK(scheduler.next()->answers.size() == 1);
  CHECK(scheduler.waiting() == 2);
  scheduler.end(first);
  CHECK(scheduler.next()->answers.size() == 2);
  scheduler.end(second);
  scheduler.end(third);
  CHECK(code_of(scheduler.add(counted_up(90), 12).error())
        == ec::invalid_argument);
  round_scheduler small{{2, 100, 20}};
  CHECK(code_of(small.add(counted_up(30), 4).error()) == ec::invalid_argument);
}

TEST_CASE("what texts begin with is read once") {
  round_scheduler scheduler{limits};
  auto text = counted_up(40);
  auto first = *scheduler.add(text, 8);
  auto second = *scheduler.add(text, 8);
  // The second waits for the first to read what both begin with.
  CHECK(scheduler.next()->answers.size() == 1);
  CHECK(scheduler.next()->answers.size() == 1);
  auto round = scheduler.next();
  CHECK(scheduler.shared() == 32);
  CHECK(round->answers.back().text == second);
  CHECK(round->what.parts.back().first == 32);
  CHECK(round->what.parts.back().rows == 8);
  scheduler.end(first);
  scheduler.end(second);
  // And still when nobody has it any more.
  scheduler.add(text, 8);
  CHECK(scheduler.next()->what.parts.front().first == 32);
}
