#pragma once

#include "nnactor/formats/gguf.hpp"
#include "nnactor/tokenizers/tokenizer_description.hpp"

namespace nnactor {

/// Describes the tokenizer of a GGUF file (its keys `tokenizer.ggml.*`, of the
/// models `gpt2` and `llama`). Fails with `ec::invalid_data`, naming the file.
result<tokenizer_description> read_gguf_tokenizer(const gguf_file& from);

} // namespace nnactor
