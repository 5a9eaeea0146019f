#pragma once

#include "nnactor/data/dataset.hpp"
#include "nnactor/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nnactor {

/// A text as tokens. None of them is of both parts.
struct tokenised_text {
  std::vector<int32_t> tokens;
  uint64_t training = 0;              ///< Tokens of the training part.
  uint64_t characters = 0;            ///< Of all of it.
  uint64_t validation_characters = 0; ///< Of its end, kept for validation.
};

/// Texts as tokens, each of its own; no example spans two of them.
struct corpus {
  vocabulary characters;
  std::vector<tokenised_text> texts;
};

/// Reads one text file, or all regular files of a folder (not of the folders
/// in it) in the order of their real names. A file that several links lead to
/// is read once; a byte order mark at the start of one is no part of the text.
/// The last `how.validation` of the characters of each text are its validation
/// part; byte pairs are learnt from what is before it. Fails with
/// `ec::invalid_data` on whatever is not UTF-8 text, and if there is no text at
/// all.
/// @param known The vocabulary to encode with; null: one of whatever characters
/// there are, or of `how.tokens` byte pairs.
result<corpus> read_corpus(const data_settings& how,
                           const vocabulary* known = nullptr);

} // namespace nnactor
