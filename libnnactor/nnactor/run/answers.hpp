#pragma once

#include "nnactor/config/experiment.hpp"
#include "nnactor/data/dataset.hpp"
#include "nnactor/store/manifest.hpp"

#include <memory>
#include <string>
#include <vector>

namespace nnactor {

/// Returns the tokens of a model. Fails with `ec::store_corrupt` if what it
/// keeps is no vocabulary.
result<vocabulary> vocabulary_in(const manifest& from);

/// Opens the data of the experiment that a model was trained by, or what the
/// overrides put in their place; they need not have all the characters and
/// classes that the model knows. Fails on data that its network cannot be
/// asked about.
/// @param model Names it in errors.
result<std::shared_ptr<const dataset>>
open_data_of(const manifest& from, const std::string& model,
             const std::vector<override_text>& overrides);

/// What a network says at one time step.
struct answer {
  int32_t label = 0; ///< What is right.
  int32_t guess = 0; ///< The largest output.
  float value = 0;   ///< Of the guess.
  float right = 0;   ///< Of the label.
};

/// Returns an answer a time step, example by example.
std::vector<answer> answers_of(const examples& asked, const tensor& outputs);

/// How good all answers so far are.
struct score {
  uint64_t answers = 0;
  uint64_t correct = 0;
  double loss = 0; ///< Sum of -log of the outputs of labels.

  void add(const answer& x);

  double accuracy() const {
    return static_cast<double>(correct) / static_cast<double>(answers);
  }

  /// In nats, where outputs are probabilities.
  double mean_loss() const {
    return loss / static_cast<double>(answers);
  }
};

} // namespace nnactor
