#pragma once

#include "nnactor/error.hpp"

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace nnactor {

/// How the next token is chosen, in the order in which it happens.
struct choosing {
  /// Added to the logits of these tokens, from -100 to 100.
  std::vector<std::pair<int32_t, float>> logit_bias;
  /// Logits of what was in the prompt or the answer are divided by it where
  /// they are positive, else multiplied (Keskar et al., arXiv 1909.05858); 1
  /// changes nothing.
  float repetition_penalty = 1;
  /// Taken off the logits of what was in the answer, from -2 to 2.
  float presence_penalty = 0;
  /// The same for each time that it was.
  float frequency_penalty = 0;
  /// Logits are divided by it; 0 takes the largest, and nothing below counts.
  float temperature = 1;
  /// Only so many of the most likely tokens stay; 0 for all.
  uint32_t top_k = 0;
  /// Of those, the most likely that together have this share of their
  /// probability (Holtzman et al., arXiv 1904.09751); 1 for all.
  float top_p = 1;
  /// Of those, the ones that have this share of the probability of the most
  /// likely one; 0 for all.
  float min_p = 0;
  uint64_t seed = 0;
  bool logprobs = false;     ///< Whether `chosen_token` has any.
  uint32_t top_logprobs = 0; ///< How many of the most likely are told, too.
};

/// Fails with `ec::invalid_argument` and the name of what is out of its range.
caf::error check(const choosing& how, size_t vocabulary);

struct token_logprob {
  int32_t token = 0;
  float logprob = 0; ///< Natural logarithm of the probability.

  friend bool operator==(const token_logprob&, const token_logprob&) = default;
};

struct chosen_token {
  int32_t token = 0;
  /// Of what the model itself said, before anything of `choosing`.
  float logprob = 0;
  std::vector<token_logprob> top; ///< The most likely, the first most.
};

/// Chooses the tokens of one sequence. What it draws follows from (seed,
/// sequence, position) and the logits alone, whatever else is computed at the
/// same time. Ties go to the token with the lower number.
class token_chooser {
public:
  /// @param sequence Number of it among those of the same seed.
  /// @pre `check` has nothing against `how`
  token_chooser(choosing how, uint64_t sequence,
                std::span<const int32_t> prompt);

  /// Chooses the next token. Takes O(vocabulary) on average, and O(vocabulary
  /// log top_logprobs) for these. Fails with `ec::diverged` where no token has
  /// a finite logit, or one has an infinite one.
  result<chosen_token> choose(std::span<const float> logits) const;

  /// Says which token came next: the one that was chosen, or another.
  void append(int32_t token);

private:
  /// Logits after biases and penalties.
  std::vector<float> adjusted(std::span<const float> logits) const;

  choosing how_;
  uint64_t sequence_ = 0;
  uint64_t position_ = 0; ///< Number of tokens in the answer.
  /// How often each token that was is in the answer; 0 for those of the prompt.
  std::unordered_map<int32_t, uint32_t> seen_;
};

} // namespace nnactor
