#pragma once

#include "nnactor/data/dataset.hpp"
#include "nnactor/error.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/run/text_writer.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nnactor {

/// How text is generated.
struct sampling {
  uint32_t characters = 200; ///< Tokens, which may be several characters.
  float temperature = 0.7f;  ///< 0: always the most likely character.
  uint64_t seed = 1;
};

/// Draws the index of one of the probabilities, sharpened by the temperature:
/// p_i^(1/T), normalised.
/// @param uniform In [0, 1).
int32_t draw(std::span<const float> probabilities, float temperature,
             double uniform);

/// Answers the last tokens [1, n] of a text with probabilities [1, tokens] of
/// the next one.
using predictor = std::function<result<tensor>(const tensor&)>;

/// Number of tokens that a network looks at to predict the next one.
struct seen_tokens {
  uint64_t least = 1;
  uint64_t most = 1;
};

/// A context at every time step, or a sequence that grows up to its context.
seen_tokens seen_by(const network& net);

/// Lets a network predict: `infer` takes the inputs of an example and returns
/// all outputs, of which one is the prediction.
predictor predictor_of(const network& net, predictor infer);

/// Lets a network predict that keeps what it has read: of a text that has grown
/// it computes no more than the end.
/// @param writer Writes nothing else.
predictor predictor_of(text_writer& writer);

/// Continues `prompt` one token at a time, handing each to `show`. A
/// prompt shorter than what the network looks at is filled up on its left with
/// the token of a line feed, or the first one.
caf::error generate(const vocabulary& characters, const seen_tokens& seen,
                    const std::string& prompt, const sampling& how,
                    const predictor& predict,
                    const std::function<void(const std::string&)>& show);

} // namespace nnactor
