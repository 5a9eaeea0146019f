#pragma once

#include "nnactor/tokenizers/tokenizer_description.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nnactor {

/// The pieces that are cut out of a text before anything else is done to it.
/// Refers to the description that it is made of.
class special_pieces {
public:
  explicit special_pieces(const tokenizer_description& what);

  /// A part of a text: what is between special pieces, or one.
  struct part {
    std::string_view text;
    std::optional<int32_t> id; ///< Of the special piece.
  };

  /// Cuts a text from left to right, of several pieces that begin at the same
  /// place the longest. Those that users must not be able to write (control,
  /// unknown) are cut out where `all` says so; else they stay text.
  std::vector<part> cut(std::string_view text, bool all) const;

private:
  struct special {
    int32_t id = 0;
    bool is_control = false;
  };

  /// The longest at the begin of `text`; empty if there is none.
  part longest(std::string_view text, bool all) const;

  std::unordered_map<std::string_view, special> ids_;
  std::array<std::vector<size_t>, 256> lengths_; ///< By first byte, falling.
};

} // namespace nnactor
