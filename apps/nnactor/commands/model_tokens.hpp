#pragma once

#include "nnactor/data/vocabulary.hpp"
#include "nnactor/tokenizers/tokenizer.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace nnactor {

/// A token as it is shown.
struct model_token {
  int32_t id = 0;
  std::string piece; ///< As the vocabulary has it.
  std::string text;  ///< The bytes that it stands for.
};

/// What a model makes of texts: the vocabulary that we trained it with, or the
/// tokenizer that came with it.
class model_tokens {
public:
  /// Opens the folder of a model of ours, a GGUF file, a tokenizer.json, a
  /// tokenizer.model, or a folder as Hugging Face has them.
  static result<model_tokens> open(const std::string& path);

  /// Fails with `ec::invalid_argument` on a text that the model cannot read.
  /// @param special Whether control pieces in it become their ids.
  result<std::vector<model_token>> encode(const std::string& text,
                                          bool special) const;

  /// "byte-level, 49,152 pieces".
  std::string summary() const;

private:
  using kinds = std::variant<vocabulary, tokenizer>;

  explicit model_tokens(kinds what) : what_(std::move(what)) {
  }

  static result<model_tokens> of(result<tokenizer_description> what);
  static result<model_tokens> of_folder(const std::string& path);
  static result<model_tokens> of_store(const std::string& path);

  kinds what_;
};

} // namespace nnactor
