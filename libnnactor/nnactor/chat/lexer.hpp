#pragma once

#include "nnactor/chat/fault.hpp"

#include <string>
#include <vector>

namespace nnactor::chat {

enum class token_kind : uint8_t {
  text,         ///< Of a template, outside of all tags.
  output_begin, ///< `{{`
  output_end,   ///< `}}`
  tag_begin,    ///< `{%`
  tag_end,      ///< `%}`
  name,
  string, ///< Its escapes are resolved.
  integer,
  real,
  symbol,
  end, ///< Of the template.
};

struct token {
  token_kind kind = token_kind::end;
  std::string text;
  position where;
};

/// Splits a template as Jinja does with trim_blocks and lstrip_blocks: the
/// line feed after a tag and the blanks before one that begins a line are no
/// part of the text, nor is what `{%-` and `-%}` cut. The last token is `end`.
/// Throws `fault`.
std::vector<token> split_template(const std::string& source);

} // namespace nnactor::chat
