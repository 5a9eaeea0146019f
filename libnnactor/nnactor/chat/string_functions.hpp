#pragma once

#include "nnactor/chat/characters.hpp"
#include "nnactor/chat/work.hpp"

#include <optional>
#include <vector>

namespace nnactor::chat {

// Functions of strings, as Python has them. What comes out keeps its writers.

enum class side : uint8_t { left, right, both };

/// Without the characters at one or both ends that are in `of`, or without
/// white space.
marked_text stripped(work& w, const marked_text& text, side where,
                     const marked_text* of);

/// The parts between separators, or between white space if there is none, of
/// which parts are never empty. At most `most` are cut off, from the left or
/// the right.
std::vector<value> split(work& w, const marked_text& text,
                         const marked_text* separator,
                         std::optional<int64_t> most, side from);

marked_text replaced(work& w, const marked_text& text, const marked_text& old,
                     const marked_text& by, std::optional<int64_t> most);

marked_text joined(work& w, const std::vector<value>& items,
                   const marked_text& between);

/// Letters in another case keep the writers of what they were.
marked_text in_case(work& w, const marked_text& text, letter_case how);

/// The first character in upper case, all others in lower.
marked_text capitalized(work& w, const marked_text& text);

/// Each character after one that a word can begin after, and the first, in
/// upper case, all others in lower.
marked_text titled(work& w, const marked_text& text,
                   bool (*word_begins_after)(uint32_t));

/// Puts blanks before every line but the first and those that are empty.
marked_text indented(work& w, const marked_text& text, const marked_text& by,
                     bool first, bool blank_lines);

/// Places where `part`, which is not empty, is in a text, from the left and
/// not over each other.
std::vector<size_t> places_of(work& w, const std::string& text,
                              const std::string& part);

} // namespace nnactor::chat
