#pragma once

#include "nnactor/data/corpus.hpp"

namespace nnactor {

/// Examples of `how.context` characters and the one after them. The last
/// `how.validation` of each text is for validation: an example belongs to the
/// part that its target is in, so its context may reach back into the
/// training part but never across texts.
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
  std::string summary() const override;

  /// Model: p(b|a) = (count of ab + 1) / (count of a + size of vocabulary),
  /// counted in the training parts; loss in nats a character.
  reference baseline() const override;

private:
  /// Consecutive targets in one text, examples `first` and following.
  struct stretch {
    uint64_t first = 0; ///< Index of the first example.
    size_t text = 0;
    uint64_t begin = 0; ///< Position of the first target.
    uint64_t end = 0;
  };

  /// All examples of a split, as stretches by ascending `first`.
  struct targets {
    std::vector<stretch> stretches;
    uint64_t size = 0;

    void add(size_t text, uint64_t begin, uint64_t end);
  };

  text_dataset(corpus texts, const data_settings& how);

  const targets& of(split part) const;

  /// Position after the training part of a text.
  uint64_t training_end(const std::vector<int32_t>& text) const;

  corpus corpus_;
  uint32_t context_;
  double validation_;
  targets train_;
  targets validate_;
};

} // namespace nnactor
