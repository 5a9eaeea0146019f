#pragma once

#include "nnactor/chat/chat_template.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace nnactor::test {

/// What a template makes of a conversation, or the sentence of the error.
inline std::string rendered(const std::string& text, const conversation& said) {
  auto read = chat_template::parse(text);
  if (!read)
    return explain(read.error());
  auto out = read->render(said);
  return out ? text_of(*out) : explain(out.error());
}

/// The pieces that a template makes; it must be right.
inline std::vector<prompt_piece> pieces(const std::string& text,
                                        const conversation& said) {
  auto read = chat_template::parse(text);
  REQUIRE_MESSAGE(read, explain(read.error()));
  auto out = read->render(said);
  REQUIRE_MESSAGE(out, explain(out.error()));
  return *out;
}

} // namespace nnactor::test
