#pragma once

#include "nnactor/tokenizers/tokenizer_description.hpp"

#include "tokenizer.capnp.h"

namespace nnactor {

// Between a tokenizer's description and schemas/tokenizer.capnp.

/// @pre `check` says nothing of it: merges are kept by the ids of their pieces.
void write(schema::Tokenizer::Builder out, const tokenizer_description& what);

/// Fails with `ec::invalid_data` on what `check` would refuse.
result<tokenizer_description> read(schema::Tokenizer::Reader in);

} // namespace nnactor
