#pragma once

#include "nnactor/tokenizers/tokenizer.hpp"

#include <span>

namespace nnactor {

/// How ids become text.
struct decode_options {
  bool special = false; ///< Whether control pieces are shown by their name.
  /// Whether a text begins, so that the space that the tokenizer puts before
  /// one is left out; false for an answer, which goes on with a text.
  bool begins = true;
};

/// Makes text of ids one after the other. A character whose bytes are several
/// tokens is given when it is whole. Each byte that can become no character is
/// U+FFFD. Whatever ids come, what is given is UTF-8.
class decoder {
public:
  explicit decoder(tokenizer from, const decode_options& how = {});

  /// Takes an id and returns what can be said now; nothing for one that there
  /// is not.
  std::string add(int32_t id);

  /// Returns what is left at the end: U+FFFD for bytes that lack the rest of
  /// their character.
  std::string flush();

private:
  tokenizer from_;
  bool special_;
  bool skips_space_;  ///< Before the first text.
  std::string bytes_; ///< The begin of a character.
};

/// Returns the text of ids at once.
std::string decode(const tokenizer& from, std::span<const int32_t> ids,
                   const decode_options& how = {});

} // namespace nnactor
