#pragma once

#include "nnactor/data/dataset.hpp"
#include "nnactor/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nnactor {

/// Texts as tokens, each of its own; no example spans two of them.
struct corpus {
  vocabulary characters;
  std::vector<std::vector<int32_t>> texts;
};

/// Reads one text file, or all regular files of a folder (not of the folders
/// in it) in the order of their real names. A file that several links lead to
/// is read once; a byte order mark at the start of one is no part of the text.
/// Fails with `ec::invalid_data` on whatever is not UTF-8 text, and if there is
/// no text at all.
/// @param known The characters that there may be; null: whatever there are.
result<corpus> read_corpus(const std::string& path,
                           const vocabulary* known = nullptr);

} // namespace nnactor
