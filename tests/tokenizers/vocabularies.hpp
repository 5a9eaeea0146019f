#pragma once

#include "nnactor/tokenizers/byte_alphabet.hpp"
#include "nnactor/tokenizers/tokenizer.hpp"
#include "nnactor/tokenizers/tokenizer_description.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace nnactor::test {

using ids = std::vector<int32_t>;
using strings = std::vector<std::string>;

/// Adds a piece, whose id is returned.
inline int32_t add(tokenizer_description& to, const std::string& piece,
                   piece_type type = piece_type::normal, float score = 0) {
  to.pieces.push_back(piece);
  to.types.push_back(type);
  if (to.kind == tokenizer_kind::by_score)
    to.scores.push_back(score);
  return static_cast<int32_t>(to.pieces.size()) - 1;
}

/// Adds a merge of two texts, and the piece that it makes.
inline void add_merge(tokenizer_description& to, const std::string& first,
                      const std::string& second) {
  auto a = to_alphabet(first);
  auto b = to_alphabet(second);
  to.merges.emplace_back(a, b);
  if (std::ranges::find(to.pieces, a + b) == to.pieces.end())
    add(to, a + b);
}

/// A byte-level vocabulary: id 0 is "<|end|>", byte b is 1 + b, then what each
/// merge makes.
inline tokenizer_description
byte_level(const std::vector<std::pair<std::string, std::string>>& merges,
           const std::string& pre = "gpt-2") {
  tokenizer_description out;
  out.pre = pre;
  add(out, "<|end|>", piece_type::control);
  for (int byte = 0; byte < 256; ++byte)
    add(out, to_alphabet(std::string(1, static_cast<char>(byte))));
  for (const auto& [first, second] : merges)
    add_merge(out, first, second);
  out.eos = 0;
  return out;
}

inline tokenizer made(const tokenizer_description& what) {
  auto out = tokenizer::make(what);
  if (!out)
    FAIL(explain(out.error()));
  return *out;
}

inline ids encoded(const tokenizer& by, std::string_view text,
                   const encode_options& how = {}) {
  auto out = by.encode(text, how);
  if (!out)
    FAIL(explain(out.error()));
  return *out;
}

/// The pieces of a text, byte-level ones as the bytes that they are.
inline strings pieces(const tokenizer& by, std::string_view text,
                      const encode_options& how = {}) {
  strings out;
  for (auto id : encoded(by, text, how))
    out.push_back(by.bytes(id));
  return out;
}

/// Characters that rules for cutting words tell apart, whole and in parts.
inline rc::Gen<std::string> any_text() {
  auto part = rc::gen::element<std::string>(
      "a", "b", "Z", " ", "  ", "\n", "\r\n", "\t", "1", "23", "'", "'s", "'LL",
      "!", "?!", "_", "\xc3\xa9", "e\xcc\x81", "\xc2\xa0", "\xe4\xbd\xa0",
      "\xe2\x96\x81", "\xf0\x9f\x98\x80", "\xe2\x80\x8d", "\xef\xb8\x8f",
      "\xff", "\x80", "\xf0\x9f", "\xc3", std::string(1, '\0'), "<|end|>");
  return rc::gen::map(rc::gen::container<strings>(part),
                      [](const strings& parts) {
                        std::string out;
                        for (const auto& x : parts)
                          out += x;
                        return out;
                      });
}

} // namespace nnactor::test
