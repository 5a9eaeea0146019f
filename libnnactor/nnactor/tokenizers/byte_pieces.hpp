#pragma once

#include "nnactor/tokenizers/tokenizer_description.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace nnactor {

/// The ids of what is no piece: those of its bytes, or that of the unknown.
class byte_pieces {
public:
  explicit byte_pieces(const tokenizer_description& what) : unk_(what.unk) {
    ids_.fill(-1);
    for (size_t id = 0; id < what.pieces.size(); ++id)
      if (what.types[id] == piece_type::byte)
        ids_[*byte_of(what.pieces[id])] = static_cast<int32_t>(id);
  }

  /// Adds the ids of bytes. Where not all of them are pieces, they are one
  /// unknown; fails with `ec::invalid_argument` where there is none either.
  caf::error encode(std::string_view bytes, std::vector<int32_t>& into) const {
    auto id_of = [&](char x) { return ids_[static_cast<unsigned char>(x)]; };
    auto has_none = [&](char x) { return id_of(x) < 0; };
    auto missing = std::ranges::find_if(bytes, has_none);
    if (missing == bytes.end()) {
      for (auto x : bytes)
        into.push_back(id_of(x));
      return caf::none;
    }
    if (!unk_)
      return fail(ec::invalid_argument,
                  "the vocabulary of the model has no piece for the byte "
                  "0x{:02X}, and none for what is unknown",
                  static_cast<unsigned char>(*missing));
    into.push_back(*unk_);
    return caf::none;
  }

private:
  std::array<int32_t, 256> ids_; ///< -1: none.
  std::optional<int32_t> unk_;
};

} // namespace nnactor
