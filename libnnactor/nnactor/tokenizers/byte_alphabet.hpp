#pragma once

#include <string>
#include <string_view>

namespace nnactor {

// GPT-2's alphabet (github.com/openai/gpt-2, encoder.py, bytes_to_unicode): a
// character that can be seen for each of the 256 bytes. The bytes 33 to 126,
// 161 to 172 and 174 to 255 are the code points of their number; the others, in
// order, those from 256 on. A space is U+0120.

/// Renders bytes as characters that can be seen.
std::string to_alphabet(std::string_view bytes);

/// The bytes that a piece stands for. A character that is not of the alphabet
/// stands for its own UTF-8.
std::string from_alphabet(std::string_view piece);

} // namespace nnactor
