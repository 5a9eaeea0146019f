#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Characters of UTF-8 as Python's strings take them. A byte that is not UTF-8
// counts as one character.
namespace nnactor::chat {

/// What Python's `str.isspace` takes for white space.
bool is_space(uint32_t code_point);

/// Number of bytes of white space at the begin and at the end of a text.
size_t leading_space(std::string_view text);
size_t trailing_space(std::string_view text);

/// Where each character begins, and the end: one number more than characters.
std::vector<size_t> character_starts(std::string_view text);

size_t count_characters(std::string_view text);

enum class letter_case : uint8_t { upper, lower };

/// As Unicode's simple mapping has it: what becomes several letters in
/// capitals (as the German sharp s) stays.
uint32_t in_case(uint32_t code_point, letter_case how);

bool is_letter(uint32_t code_point);

} // namespace nnactor::chat
