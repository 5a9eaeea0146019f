#pragma once

#include "nnactor/tokenizers/tokenizer_description.hpp"

#include <string>

namespace nnactor {

/// Describes a tokenizer.model of SentencePiece. Fails with `ec::invalid_data`
/// on what is none, and on what its library must not be given
/// (`check_sentencepiece_file`).
result<tokenizer_description> read_sentencepiece(std::string file);

/// Looks at a file before the library does, which trusts some of what it reads
/// (0.1.97: github.com/google/sentencepiece, issues 1263 and 1269): a long
/// piece ends the program, a table for normalizing texts is followed wherever
/// it points to. The models that people chat with have neither.
caf::error check_sentencepiece_file(std::string_view file);

} // namespace nnactor
