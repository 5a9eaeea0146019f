#pragma once

#include "nnactor/chat/work.hpp"

#include <optional>
#include <string>

namespace nnactor::chat {

// The operators of the template language, as Python's. All throw `fault`.

/// `+ - * / // % ~`
value operate(work& w, const std::string& symbol, const value& a,
              const value& b);

/// `== != < <= > >= in`, and `not in`.
bool compare(work& w, const std::string& symbol, const value& a,
             const value& b);

bool equal(work& w, const value& a, const value& b);

/// Whether `needle` is a character or part of a text, an item or a key.
bool contains(work& w, const value& where, const value& needle);

/// What is under an attribute's name or an index, or something undefined.
value attribute_of(work& w, const value& object, const std::string& name);
value item_of(work& w, const value& object, const value& index);

/// `object[begin:end:step]`, of integers or none.
value slice_of(work& w, const value& object, const value& begin,
               const value& end, const value& step);

/// The items that a loop goes through: those of a list, the keys of a mapping,
/// the characters of a string, none of something undefined.
std::vector<value> items_of(work& w, const value& x);

/// Number of them; of a string its characters.
size_t length_of(work& w, const value& x);

/// An integer, which a boolean also is.
std::optional<int64_t> integer_of(const value& x);

} // namespace nnactor::chat
