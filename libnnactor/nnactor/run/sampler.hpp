#pragma once

#include "nnactor/data/dataset.hpp"
#include "nnactor/error.hpp"
#include "nnactor/network/network.hpp"
#include "nnactor/tensor/tensor.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nnactor {

/// How text is generated.
struct sampling {
  uint32_t characters = 200;
  float temperature = 0.7f; ///< 0: always the most likely character.
  uint64_t seed = 1;
};

/// Draws the index of one of the probabilities, sharpened by the temperature:
/// p_i^(1/T), normalised.
/// @param uniform In [0, 1).
int32_t draw(std::span<const float> probabilities, float temperature,
             double uniform);

/// Answers one example's tokens [1, context] with probabilities [1, tokens].
using predictor = std::function<result<tensor>(const tensor&)>;

/// Number of characters that a network looks at to predict the next one: its
/// context at every time step.
uint64_t context_of(const network& net);

/// Lets a network predict: `infer` takes the inputs of all time steps and
/// returns all outputs, of which the last is the prediction.
predictor predictor_of(const network& net, predictor infer);

/// Continues `prompt` one character at a time, handing each to `show`. A
/// prompt shorter than the context is filled up on its left with the token of
/// a line feed, or the first one.
caf::error generate(const vocabulary& characters, uint64_t context,
                    const std::string& prompt, const sampling& how,
                    const predictor& predict,
                    const std::function<void(const std::string&)>& show);

} // namespace nnactor
