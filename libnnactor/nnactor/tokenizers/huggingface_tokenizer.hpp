#pragma once

#include "nnactor/tokenizers/tokenizer_description.hpp"

#include <string>

namespace nnactor {

/// What the files of a Hugging Face model that are about its tokenizer hold.
/// Those that a model has not are empty; one of the first two must be there.
struct huggingface_files {
  std::string tokenizer_json;
  std::string tokenizer_model; ///< Of SentencePiece; goes before the first.
  std::string tokenizer_config;
  std::string generation_config;
};

/// A tokenizer, and the template (Jinja) of conversations; empty if there is
/// none.
struct huggingface_tokenizer {
  tokenizer_description what;
  std::string chat_template;
};

/// Describes the tokenizer of a model. Fails with `ec::invalid_data`, naming
/// the file and what in it is not known.
result<huggingface_tokenizer>
read_huggingface_tokenizer(huggingface_files files);

/// Describes what a tokenizer.json alone says: BPE over bytes, with the rules
/// of `pre_tokenizer.hpp`. Of `bos` and others it says nothing, but whether
/// texts begin with a piece.
result<tokenizer_description> read_tokenizer_json(const std::string& text);

} // namespace nnactor
