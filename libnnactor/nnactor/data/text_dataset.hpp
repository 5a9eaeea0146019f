#pragma once

#include "nnactor/data/corpus.hpp"

namespace nnactor {

/// Examples of `how.time_steps` tokens in a row, each to be told from the
/// `how.context` tokens before it. Tokens are characters unless there are byte
/// pairs. The last `how.validation` of each text
/// is for validation: an example belongs to the part that its targets are in,
/// so its context may reach back into the training part but never across
/// texts. Examples to train on start at every token; those to validate with lie
/// side by side, so that each token counts once.
///
/// With `how.sequences`, an example is instead `how.context` tokens in a row,
/// each told from the one before it by whoever remembers what was before that:
/// as if there were so many time steps with a context of one, but each a row of
/// its own.
class text_dataset : public dataset {
public:
  /// Takes the texts that are long enough for an example. Fails with
  /// `ec::invalid_data` if a split is left without any.
  static result<std::shared_ptr<const dataset>> make(corpus texts,
                                                     const data_settings& how);

  data_shape shape() const override;
  uint64_t size(split part) const override;
  examples gather(split part,
                  const std::vector<uint64_t>& indices) const override;
  const vocabulary* characters() const override;
  double characters_per_token() const override;
  std::string summary() const override;

  /// Model: p(b|a) = (count of ab + 1) / (count of a + size of vocabulary),
  /// of tokens, counted in the training parts; loss in nats a token.
  reference baseline() const override;

private:
  /// Examples of one text, `stride` tokens apart.
  struct stretch {
    uint64_t first = 0; ///< Index of the first example.
    size_t text = 0;
    uint64_t begin = 0; ///< Position of the first target.
    uint64_t end = 0;   ///< Position after the last target.
  };

  /// All examples of a split, as stretches by ascending `first`.
  struct example_list {
    uint64_t stride = 1;
    std::vector<stretch> stretches;
    uint64_t size = 0;

    /// Adds those whose targets, `targets` each, lie from `begin` to `end`.
    void add(size_t text, uint64_t begin, uint64_t end, uint64_t targets);
  };

  text_dataset(corpus texts, const data_settings& how);

  const example_list& of(split part) const;

  corpus corpus_;
  bool sequences_;
  uint32_t seen_;    ///< Tokens in the inputs for a target.
  uint32_t targets_; ///< Of an example.
  example_list train_;
  example_list validate_;
};

} // namespace nnactor
