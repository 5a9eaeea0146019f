#pragma once

#include "nnactor/tokenizers/tokenizer_description.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace nnactor {

/// Adds `eos` to the ids that end an answer, and the control pieces that models
/// for conversations end a turn with: many files name only one of them.
/// @pre `check(what)` found nothing: no piece is there twice
inline void add_usual_ends(tokenizer_description& what) {
  constexpr std::array<std::string_view, 7> usual = {
      "<|im_end|>", "<|eot_id|>",    "<|eom_id|>",   "<|end|>",
      "<|eot|>",    "<end_of_turn>", "<|endoftext|>"};
  auto add = [&](int32_t id) {
    if (std::ranges::find(what.ends, id) == what.ends.end())
      what.ends.push_back(id);
  };
  if (what.eos)
    add(*what.eos);
  for (size_t id = 0; id < what.pieces.size(); ++id)
    if (what.types[id] == piece_type::control
        && std::ranges::find(usual, what.pieces[id]) != usual.end())
      add(static_cast<int32_t>(id));
}

} // namespace nnactor
