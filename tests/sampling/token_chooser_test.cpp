#include "nnactor/sampling/token_chooser.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>

using namespace nnactor;

namespace {

using logits = std::vector<float>;
using tokens = std::vector<int32_t>;

choosing greedy() {
  choosing out;
  out.temperature = 0;
  return out;
}

chosen_token chosen(const token_chooser& chooser, const logits& of) {
  auto out = chooser.choose(of);
  REQUIRE_MESSAGE(out, explain(out.error()));
  return *out;
}

int32_t first_choice(const choosing& how, const logits& of,
                     const tokens& prompt = {}, const tokens& answer = {}) {
  token_chooser chooser{how, 0, prompt};
  for (auto token : answer)
    chooser.append(token);
  return chosen(chooser, of).token;
}

tokens some_choices(const choosing& how, uint64_t sequence, const logits& of,
                    size_t count) {
  token_chooser chooser{how, sequence, {}};
  tokens out;
  for (size_t i = 0; i < count; ++i) {
    out.push_back(chosen(chooser, of).token);
    chooser.append(out.back());
  }
  return out;
}

} // namespace

TEST_CASE(
    "at temperature 0 the largest logit is chosen, of several the first") {
  CHECK(first_choice(greedy(), {1, 3, 2}) == 1);
  CHECK(first_choice(greedy(), {1, 3, 3}) == 1);
  CHECK(first_choice(greedy(), {NAN, -3, -INFINITY, -2}) == 3);
}

TEST_CASE("biases and penalties change what is largest") {
  auto how = greedy();
  how.logit_bias = {{0, 2.5f}};
  CHECK(first_choice(how, {1, 3, 2}) == 0);
  how = greedy();
  how.repetition_penalty = 2;
  // 4 becomes 2 and -1 becomes -2, whether in the prompt or the answer.
  CHECK(first_choice(how, {4, 3, 1}, {0}) == 1);
  CHECK(first_choice(how, {4, 1.9f, 1}, {0, 0}) == 0);
  CHECK(first_choice(how, {-1, -1.5f, -3}, {}, {0}) == 1);
  how = greedy();
  how.presence_penalty = 1;
  // What is in the prompt alone was not said yet; twice is not more than once.
  CHECK(first_choice(how, {4, 3.5f}, {0}) == 0);
  CHECK(first_choice(how, {4, 3.5f}, {}, {0}) == 1);
  CHECK(first_choice(how, {4, 2.5f}, {}, {0, 0, 0}) == 0);
  how = greedy();
  how.frequency_penalty = 0.5f;
  CHECK(first_choice(how, {4, 3.2f}, {}, {0}) == 0);
  CHECK(first_choice(how, {4, 3.2f}, {}, {0, 0}) == 1);
}

TEST_CASE("tokens that do not exist have no logit to change") {
  auto how = greedy();
  how.repetition_penalty = 2;
  CHECK(first_choice(how, {1, 2}, {-1, 7}, {-5, 100}) == 1);
}

TEST_CASE("tokens are drawn as often as they are likely") {
  choosing how;
  how.seed = 7;
  std::vector<int> counts(3);
  // Probabilities of 1/2, 1/3 and 1/6.
  auto of = logits{std::log(3.0f), std::log(2.0f), 0};
  for (auto token : some_choices(how, 0, of, 6000))
    ++counts[static_cast<size_t>(token)];
  // Each is off by less than 4 standard deviations.
  CHECK(std::abs(counts[0] - 3000) < 155);
  CHECK(std::abs(counts[1] - 2000) < 147);
  CHECK(std::abs(counts[2] - 1000) < 116);
}

TEST_CASE("what does not stay is never drawn") {
  auto of = logits{3, 2, 1, 0};
  auto largest_drawn = [&](const choosing& how) {
    auto all = some_choices(how, 0, of, 300);
    return *std::ranges::max_element(all);
  };
  choosing how;
  CHECK(largest_drawn(how) == 3);
  how.top_k = 2;
  CHECK(largest_drawn(how) == 1);
  // Their probabilities are 0.644, 0.237, 0.087 and 0.032.
  how = {};
  how.top_p = 0.64f;
  CHECK(largest_drawn(how) == 0);
  how.top_p = 0.65f;
  CHECK(largest_drawn(how) == 1);
  how.top_p = 0.89f;
  CHECK(largest_drawn(how) == 2);
  // Of three, 0.665, 0.245 and 0.09 are left.
  how.top_k = 3;
  CHECK(largest_drawn(how) == 1);
  // Shares of the largest: 1, 0.368, 0.135 and 0.0498.
  how = {};
  how.min_p = 0.13f;
  CHECK(largest_drawn(how) == 2);
  how.min_p = 0.14f;
  CHECK(largest_drawn(how) == 1);
  // Halves of the logits are 1, 0.607, 0.368, 0.223.
  how.temperature = 2;
  CHECK(largest_drawn(how) == 3);
}

TEST_CASE("draws follow from seed, sequence and position alone") {
  choosing how;
  how.seed = 3;
  auto of = logits(50, 0.0f);
  auto all = some_choices(how, 5, of, 40);
  CHECK(some_choices(how, 5, of, 40) == all);
  CHECK(some_choices(how, 6, of, 40) != all);
  how.seed = 4;
  CHECK(some_choices(how, 5, of, 40) != all);
  how.seed = 3;
  // From any place on, whatever was asked before and was in the prompt.
  token_chooser later{how, 5, tokens{1, 2, 3}};
  for (size_t i = 0; i < 20; ++i)
    later.append(all[i]);
  CHECK(chosen(later, of).token == all[20]);
  CHECK(chosen(later, of).token == all[20]);
}

TEST_CASE("logprobs are the model's own") {
  choosing how;
  how.temperature = 0.5f;
  how.logit_bias = {{2, 100.0f}};
  how.logprobs = true;
  how.top_logprobs = 3;
  token_chooser chooser{how, 0, {}};
  // Probabilities of 1/2, 1/4, 1/8 and 1/8.
  auto two = std::log(2.0f);
  auto out = chosen(chooser, {2 * two, two, 0, 0});
  CHECK(out.token == 2);
  CHECK(out.logprob == doctest::Approx(-3 * two));
  REQUIRE(out.top.size() == 3);
  CHECK(out.top[0].token == 0);
  CHECK(out.top[0].logprob == doctest::Approx(-two));
  CHECK(out.top[1].token == 1);
  CHECK(out.top[1].logprob == doctest::Approx(-2 * two));
  CHECK(out.top[2].token == 2);
  how.top_logprobs = 20;
  CHECK(chosen({how, 0, {}}, {1, 2}).top.size() == 2);
  how.logprobs = false;
  CHECK(chosen({how, 0, {}}, {1, 2}).top.empty());
}

TEST_CASE("logits without a largest number are an error") {
  token_chooser chooser{{}, 0, {}};
  auto code = [&](const logits& of) {
    auto out = chooser.choose(of);
    return out ? ec::none : code_of(out.error());
  };
  CHECK(code({}) == ec::invalid_argument);
  CHECK(code({NAN, NAN}) == ec::diverged);
  CHECK(code({1, INFINITY}) == ec::diverged);
  CHECK(code({-INFINITY, -INFINITY}) == ec::diverged);
  CHECK(code({-INFINITY, 1, NAN}) == ec::none);
}

TEST_CASE("what is out of its range is named") {
  auto sentence = [](auto change) {
    choosing how;
    change(how);
    auto wrong = check(how, 10);
    return wrong ? explain(wrong) : "";
  };
  CHECK(sentence([](auto&) {}) == "");
  CHECK(sentence([](auto& x) { x.temperature = -1; })
        == "temperature = -1 has to be from 0 to 100");
  CHECK(sentence([](auto& x) { x.temperature = NAN; })
        == "temperature = nan has to be from 0 to 100");
  CHECK(sentence([](auto& x) { x.top_p = 0; })
        == "top_p = 0 has to be from 1e-06 to 1");
  CHECK(sentence([](auto& x) { x.min_p = 1.5f; })
        == "min_p = 1.5 has to be from 0 to 1");
  CHECK(sentence([](auto& x) { x.repetition_penalty = 0; })
        == "repetition_penalty = 0 has to be from 0.01 to 100");
  CHECK(sentence([](auto& x) { x.presence_penalty = 3; })
        == "presence_penalty = 3 has to be from -2 to 2");
  CHECK(sentence([](auto& x) { x.frequency_penalty = -3; })
        == "frequency_penalty = -3 has to be from -2 to 2");
  CHECK(sentence([](auto& x) { x.top_logprobs = 21; })
        == "top_logprobs = 21 has to be from 0 to 20");
  CHECK(sentence([](auto& x) {
          x.logit_bias = {{10, 1.0f}};
        })
        == "logit_bias is for token 10; there are 0 to 9");
  CHECK(sentence([](auto& x) {
          x.logit_bias = {{9, 101.0f}};
        })
        == "logit_bias = 101 has to be from -100 to 100");
}

TEST_CASE("whatever the settings, a token is chosen that can be") {
  CHECK(rc::check("choose takes what has a finite logit", [] {
    auto logit = rc::gen::map(rc::gen::inRange(-60, 60), [](int x) {
      return x < -50 ? -INFINITY : static_cast<float>(x) / 4;
    });
    auto of = *rc::gen::container<logits>(logit);
    of.push_back(0);
    auto share = [] {
      return static_cast<float>(*rc::gen::inRange(1, 100)) / 100;
    };
    choosing how;
    how.temperature = 2 * share() - 0.02f;
    how.top_k = *rc::gen::inRange<uint32_t>(0, 9);
    how.top_p = share();
    how.min_p = share();
    how.seed = *rc::gen::arbitrary<uint64_t>();
    how.logprobs = true;
    RC_ASSERT(!check(how, of.size()));
    auto out = token_chooser{how, 1, {}}.choose(of);
    RC_ASSERT(static_cast<bool>(out));
    RC_ASSERT(std::isfinite(of[static_cast<size_t>(out->token)]));
    RC_ASSERT(out->logprob <= 0);
  }));
}
