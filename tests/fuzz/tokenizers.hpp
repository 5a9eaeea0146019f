#pragma once

#include "fuzz/fuzz.hpp"
#include "nnactor/tokenizers/decoder.hpp"

namespace nnactor::test {

/// A tokenizer can be made of a description that is right, and gives bytes back
/// where it has pieces for all of them.
inline void must_tokenize(const tokenizer_description& what) {
  auto by = tokenizer::make(what);
  must_hold(static_cast<bool>(by));
  for (const std::string text :
       {"a b  ab 12 I'LL\n\n<|end|>\xc3\xa9", "\xff\xe2\x96\x81 aaaa", ""}) {
    auto ids = by->encode(text, {.special = true});
    if (!ids)
      continue;
    for (auto id : *ids)
      must_hold(by->contains(id));
    decode(*by, *ids, {.special = true});
  }
}

} // namespace nnactor::test
