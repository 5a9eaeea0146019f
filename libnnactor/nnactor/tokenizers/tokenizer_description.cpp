#include "nnactor/tokenizers/tokenizer_description.hpp"

#include "nnactor/tokenizers/pre_tokenizer.hpp"

#include <cmath>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace nnactor {

namespace {

template <class... Ts>
caf::error wrong(fmt::format_string<Ts...> format, Ts&&... xs) {
  return fail(ec::invalid_data, "tokenizer: {}",
              fmt::format(format, std::forward<Ts>(xs)...));
}

caf::error check_piece(const tokenizer_description& what, size_t id) {
  const auto& piece = what.pieces[id];
  auto type = what.types[id];
  if (piece.size() > longest_piece)
    return wrong("piece {} has {} bytes, more than {}", id, piece.size(),
                 longest_piece);
  if (type < piece_type::normal || type >= piece_type::end_)
    return wrong("piece {} is of type {}, which is none", id,
                 static_cast<unsigned>(type));
  if (type == piece_type::byte && !byte_of(piece))
    return wrong("piece {} is said to be a byte, but '{}' is none such as "
                 "<0x0A>",
                 id, piece);
  if (type == piece_type::normal)
    return caf::none;
  if (piece.empty())
    return wrong("piece {} is empty and of type {}", id, to_string(type));
  if (type != piece_type::unused && piece.size() > longest_special)
    return wrong("piece {} is {} and has {} bytes, more than {}", id,
                 to_string(type), piece.size(), longest_special);
  return caf::none;
}

caf::error check_pieces(const tokenizer_description& what) {
  const auto& pieces = what.pieces;
  if (pieces.empty() || pieces.size() > most_pieces)
    return wrong("{} pieces are not within 1 and {}", pieces.size(),
                 most_pieces);
  if (what.types.size() != pieces.size())
    return wrong("{} types for {} pieces", what.types.size(), pieces.size());
  std::unordered_set<std::string_view> known;
  for (size_t id = 0; id < pieces.size(); ++id) {
    if (auto err = check_piece(what, id))
      return err;
    if (!known.insert(pieces[id]).second)
      return wrong("piece {} is there twice: '{}'", id, pieces[id]);
  }
  return caf::none;
}

caf::error check_scores(const tokenizer_description& what) {
  auto due = what.kind == tokenizer_kind::by_score ? what.pieces.size() : 0;
  if (what.scores.size() != due)
    return wrong("{} scores where there should be {}", what.scores.size(), due);
  for (size_t id = 0; id < due; ++id)
    if (!std::isfinite(what.scores[id]))
      return wrong("the score of piece {} is {}", id, what.scores[id]);
  return caf::none;
}

caf::error check_merges(const tokenizer_description& what) {
  if (what.kind != tokenizer_kind::byte_level && !what.merges.empty())
    return wrong("a vocabulary {} has no merges", to_string(what.kind));
  std::unordered_map<std::string_view, piece_type> known;
  for (size_t id = 0; id < what.pieces.size(); ++id)
    known.emplace(what.pieces[id], what.types[id]);
  for (size_t i = 0; i < what.merges.size(); ++i) {
    const auto& [first, second] = what.merges[i];
    if (first.empty() || second.empty())
      return wrong("merge {} has an empty side", i);
    for (const auto* side : {&first, &second})
      if (known.count(*side) == 0)
        return wrong("merge {} is of '{}', which is no piece", i, *side);
    auto makes = known.find(first + second);
    if (makes == known.end())
      return wrong("merge {} makes '{}', which is no piece", i, first + second);
    // A user could write it.
    if (makes->second != piece_type::normal
        && makes->second != piece_type::user_defined)
      return wrong("merge {} makes '{}', which is {} and no part of a text", i,
                   makes->first, to_string(makes->second));
  }
  return caf::none;
}

caf::error check_ids(const tokenizer_description& what) {
  auto check_id = [&](const char* name, int32_t id) -> caf::error {
    if (id >= 0 && static_cast<size_t>(id) < what.pieces.size())
      return caf::none;
    return wrong("{} is {}, but there are {} pieces", name, id,
                 what.pieces.size());
  };
  using named = std::pair<const char*, std::optional<int32_t>>;
  for (const auto& [name, id] :
       {named{"bos", what.bos}, named{"eos", what.eos}, named{"unk", what.unk},
        named{"pad", what.pad}})
    if (id)
      if (auto err = check_id(name, *id))
        return err;
  for (auto id : what.ends)
    if (auto err = check_id("an id that ends answers", id))
      return err;
  if (what.add_bos && !what.bos)
    return wrong("texts are to begin with a bos that there is not");
  if (what.add_eos && !what.eos)
    return wrong("texts are to end with an eos that there is not");
  return caf::none;
}

} // namespace

caf::error check(const tokenizer_description& what) {
  if (what.kind >= tokenizer_kind::count_)
    return wrong("{} is no kind of tokenizer",
                 static_cast<unsigned>(what.kind));
  if (what.kind == tokenizer_kind::byte_level) {
    if (auto err = check_pre_tokenizer(what.pre))
      return err;
  } else if (!what.pre.empty() || what.ignore_merges) {
    return wrong("a vocabulary {} cuts no words by a rule",
                 to_string(what.kind));
  }
  if ((what.kind == tokenizer_kind::sentencepiece) == what.model.empty())
    return wrong("a file of SentencePiece belongs to that kind, and to no "
                 "other");
  for (auto part : {check_pieces, check_scores, check_merges, check_ids})
    if (auto err = part(what))
      return err;
  return caf::none;
}

std::optional<unsigned char> byte_of(const std::string& piece) {
  auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>'
      || digit(piece[3]) < 0 || digit(piece[4]) < 0)
    return std::nullopt;
  return static_cast<unsigned char>(digit(piece[3]) * 16 + digit(piece[4]));
}

const char* to_string(tokenizer_kind kind) {
  switch (kind) {
  case tokenizer_kind::byte_level:
    return "byte-level";
  case tokenizer_kind::by_score:
    return "by score";
  case tokenizer_kind::sentencepiece:
    return "sentencepiece";
  default:
    return "none";
  }
}

const char* to_string(piece_type type) {
  constexpr const char* names[] = {
      "none", "normal", "unknown", "control", "user-defined", "unused", "byte"};
  return type < piece_type::end_ ? names[static_cast<size_t>(type)] : names[0];
}

} // namespace nnactor
