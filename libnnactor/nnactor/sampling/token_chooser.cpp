#include "nnactor/sampling/token_chooser.hpp"

#include "nnactor/neuron/random.hpp"
#include "nnactor/sampling/weights.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nnactor {

namespace {

template <class T>
caf::error check_range(const char* name, T x, double least, double most) {
  auto number = static_cast<double>(x);
  if (number >= least && number <= most)
    return caf::none;
  return fail(ec::invalid_argument, "{} = {} has to be from {} to {}", name, x,
              least, most);
}

} // namespace

caf::error check(const choosing& how, size_t vocabulary) {
  constexpr auto tiny = 1e-6;
  for (auto& [token, bias] : how.logit_bias) {
    if (token < 0 || static_cast<size_t>(token) >= vocabulary)
      return fail(ec::invalid_argument,
                  "logit_bias is for token {}; there are 0 to {}", token,
                  vocabulary - 1);
    if (auto wrong = check_range("logit_bias", bias, -100, 100))
      return wrong;
  }
  for (auto& wrong :
       {check_range("repetition_penalty", how.repetition_penalty, 0.01, 100),
        check_range("presence_penalty", how.presence_penalty, -2, 2),
        check_range("frequency_penalty", how.frequency_penalty, -2, 2),
        check_range("temperature", how.temperature, 0, 100),
        check_range("top_p", how.top_p, tiny, 1),
        check_range("min_p", how.min_p, 0, 1),
        check_range("top_logprobs", how.top_logprobs, 0, 20)})
    if (wrong)
      return wrong;
  return caf::none;
}

namespace {

/// The natural logarithm of the sum of what the exponential function makes of
/// the logits.
double log_of_sum(std::span<const float> logits, float largest) {
  double sum = 0;
  for (auto x : logits)
    if (!std::isnan(x))
      sum += std::exp(static_cast<double>(x) - static_cast<double>(largest));
  return static_cast<double>(largest) + std::log(sum);
}

std::vector<token_logprob> most_likely(std::span<const float> logits,
                                       uint32_t count, double log_sum) {
  std::vector<int32_t> tokens(logits.size());
  std::iota(tokens.begin(), tokens.end(), 0);
  auto logit_of = [&](int32_t token) {
    auto x = logits[static_cast<size_t>(token)];
    return std::isnan(x) ? -INFINITY : x;
  };
  auto end = tokens.begin()
             + static_cast<ptrdiff_t>(std::min<size_t>(count, tokens.size()));
  std::partial_sort(tokens.begin(), end, tokens.end(),
                    [&](int32_t a, int32_t b) {
                      auto x = logit_of(a), y = logit_of(b);
                      return x != y ? x > y : a < b;
                    });
  std::vector<token_logprob> out;
  for (auto i = tokens.begin(); i != end; ++i)
    out.push_back(
        {*i, static_cast<float>(static_cast<double>(logit_of(*i)) - log_sum)});
  return out;
}

/// The token with the largest logit, of several the first; one without a
/// number is none.
size_t largest_of(std::span<const float> logits) {
  size_t out = 0;
  for (size_t i = 1; i < logits.size(); ++i)
    if (logits[i] > logits[out] || std::isnan(logits[out]))
      out = i;
  return out;
}

} // namespace

token_chooser::token_chooser(choosing how, uint64_t sequence,
                             std::span<const int32_t> prompt)
    : how_(std::move(how)), sequence_(sequence) {
  for (auto token : prompt)
    seen_.emplace(token, 0);
}

void token_chooser::append(int32_t token) {
  ++seen_[token];
  ++position_;
}

std::vector<float>
token_chooser::adjusted(std::span<const float> logits) const {
  std::vector<float> out{logits.begin(), logits.end()};
  auto at = [&](int32_t token) {
    auto i = static_cast<size_t>(token);
    return token >= 0 && i < out.size() ? &out[i] : nullptr;
  };
  for (auto& [token, bias] : how_.logit_bias)
    if (auto* x = at(token))
      *x += bias;
  for (auto& [token, count] : seen_) {
    auto* x = at(token);
    if (!x)
      continue;
    *x = *x > 0 ? *x / how_.repetition_penalty : *x * how_.repetition_penalty;
    if (count > 0)
      *x -= how_.presence_penalty
            + how_.frequency_penalty * static_cast<float>(count);
  }
  return out;
}

result<chosen_token>
token_chooser::choose(std::span<const float> logits) const {
  if (logits.empty() || logits.size() > most_tokens)
    return fail(ec::invalid_argument, "a token is chosen of 1 to {}, not of {}",
                most_tokens, logits.size());
  auto changed = adjusted(logits);
  auto best = largest_of(changed);
  auto best_of_model = logits[largest_of(logits)];
  if (!std::isfinite(changed[best]) || !std::isfinite(best_of_model))
    return fail(ec::diverged, "no token can be chosen: the model answers with "
                              "what is no number or infinite");
  chosen_token out;
  out.token = static_cast<int32_t>(best);
  if (how_.temperature > 0) {
    auto weights = weights_of(changed, changed[best], how_.temperature);
    keep_top_k(weights, how_.top_k);
    keep_top_p(weights, how_.top_p);
    keep_min_p(weights, how_.min_p);
    counter_random random{how_.seed, sequence_};
    out.token = drawn_of(weights, random.bits(position_));
  }
  if (how_.logprobs) {
    auto log_sum = log_of_sum(logits, best_of_model);
    auto x = logits[static_cast<size_t>(out.token)];
    out.logprob = static_cast<float>(static_cast<double>(x) - log_sum);
    out.top = most_likely(logits, how_.top_logprobs, log_sum);
  }
  return out;
}

} // namespace nnactor
