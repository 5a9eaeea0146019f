#include "nnactor/tokenizers/huggingface_tokenizer.hpp"
#include "nnactor/tokenizers/json_values.hpp"
#include "nnactor/tokenizers/pre_tokenizer.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace nnactor {

namespace {

using nlohmann::json;

template <class... Ts>
caf::error unfit(fmt::format_string<Ts...> format, Ts&&... xs) {
  return fail(ec::invalid_data, "tokenizer.json: {}",
              fmt::format(format, std::forward<Ts>(xs)...));
}

/// The parts of a Sequence, or the one thing that is none. No copies: to copy
/// what is nested deeply takes as deep a stack.
std::vector<const json*> steps_of(const json& what, const char* name) {
  if (what.is_null())
    return {};
  const auto& parts = member(what, name);
  if (text_of(member(what, "type")) != "Sequence" || !parts.is_array())
    return {&what};
  std::vector<const json*> out;
  for (const auto& x : parts)
    out.push_back(&x);
  return out;
}

// -- pieces -------------------------------------------------------------------

/// Puts a piece to its id. There is a place for each piece, so that ids that
/// leave none out fit.
caf::error place(tokenizer_description& out, const std::string& piece,
                 int32_t id, piece_type type) {
  auto at = static_cast<size_t>(id);
  if (at >= out.pieces.size())
    return unfit("'{}' has the id {}, but there are {} pieces", piece, id,
                 out.pieces.size());
  if (out.types[at] != piece_type{} && out.pieces[at] != piece)
    return unfit("'{}' and '{}' have the id {} both", out.pieces[at], piece,
                 id);
  out.pieces[at] = piece;
  out.types[at] = type;
  return caf::none;
}

/// Whether an added token is already in the vocabulary.
bool is_known(const json& vocabulary, const json& token) {
  return vocabulary.contains(text_of(member(token, "content")));
}

caf::error add_token(tokenizer_description& out, const json& token) {
  auto piece = text_of(member(token, "content"));
  auto id = whole_of(member(token, "id"));
  if (piece.empty() || !id)
    return unfit("an added token has no content or no id");
  for (const auto* flag : {"lstrip", "rstrip", "single_word"})
    if (flag_of(member(token, flag), false))
      return unfit("the added token '{}' has {}, which is not supported", piece,
                   flag);
  auto is_special = flag_of(member(token, "special"), false);
  return place(out, piece, *id,
               is_special ? piece_type::control : piece_type::user_defined);
}

caf::error read_vocabulary(const json& from, tokenizer_description& out) {
  const auto& pieces = member(member(from, "model"), "vocab");
  const auto& added = member(from, "added_tokens");
  if (!pieces.is_object())
    return unfit("its model has no vocab");
  auto count = pieces.size();
  if (added.is_array())
    for (const auto& x : added)
      count += is_known(pieces, x) ? 0 : 1;
  if (count > most_pieces)
    return unfit("{} pieces are more than {}", count, most_pieces);
  out.pieces.resize(count);
  out.types.resize(count);
  for (const auto& [piece, number] : pieces.items()) {
    auto id = whole_of(number);
    if (!id)
      return unfit("'{}' has an id that is none", piece);
    if (auto err = place(out, piece, *id, piece_type::normal))
      return err;
  }
  if (added.is_array())
    for (const auto& x : added)
      if (auto err = add_token(out, x))
        return err;
  for (size_t id = 0; id < count; ++id)
    if (out.types[id] == piece_type{})
      return unfit("no piece has the id {}", id);
  return caf::none;
}

caf::error read_merge(const json& from, tokenizer_description& out) {
  if (from.is_array() && from.size() == 2 && from[0].is_string()
      && from[1].is_string()) {
    out.merges.emplace_back(text_of(from[0]), text_of(from[1]));
    return caf::none;
  }
  auto text = text_of(from);
  auto space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != text.npos)
    return unfit("merge {} is no pair", out.merges.size());
  out.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
  return caf::none;
}

caf::error read_model(const json& model, tokenizer_description& out) {
  auto type = text_of(member(model, "type"));
  if (!type.empty() && type != "BPE")
    return unfit("its model is '{}'; only BPE is known", type);
  if (flag_of(member(model, "byte_fallback"), false))
    return unfit("its model falls back to bytes, as those of SentencePiece do; "
                 "give the model's tokenizer.model");
  for (const auto* affix : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!text_of(member(model, affix)).empty())
      return unfit("its model has {}, which is not supported", affix);
  const auto& merges = member(model, "merges");
  if (!merges.is_array())
    return unfit("its model has no merges");
  for (const auto& x : merges)
    if (auto err = read_merge(x, out))
      return err;
  out.ignore_merges = flag_of(member(model, "ignore_merges"), false);
  return caf::none;
}

// -- rules --------------------------------------------------------------------

result<bool> read_normalizer(const json& from) {
  auto steps = steps_of(member(from, "normalizer"), "normalizers");
  for (const auto* x : steps)
    if (auto type = text_of(member(*x, "type")); type != "NFC")
      return unfit("the normalizer '{}' is not known; only NFC is", type);
  return !steps.empty();
}

/// The pattern by which one step cuts; empty if it does not.
result<std::string> pattern_of(const json& step) {
  auto type = text_of(member(step, "type"));
  if (type == "ByteLevel") {
    if (flag_of(member(step, "add_prefix_space"), true))
      return unfit("add_prefix_space is not supported");
    return flag_of(member(step, "use_regex"), true) ? gpt2_pattern
                                                    : std::string{};
  }
  if (type == "Digits" && flag_of(member(step, "individual_digits"), false))
    return digit_pattern;
  if (type == "Split") {
    // All patterns that are known leave nothing between what they find.
    auto behavior = text_of(member(step, "behavior"));
    auto is_inverted = flag_of(member(step, "invert"), false);
    auto pattern = text_of(member(member(step, "pattern"), "Regex"));
    if (!pattern.empty() && behavior == (is_inverted ? "Removed" : "Isolated"))
      return pattern;
  }
  return unfit("the pre_tokenizer '{}' is not known, or not with these options",
               type);
}

caf::error read_rule(const json& from, tokenizer_description& out) {
  auto composes = read_normalizer(from);
  if (!composes)
    return composes.error();
  std::vector<std::string> patterns;
  auto has_bytes = false;
  for (const auto* x :
       steps_of(member(from, "pre_tokenizer"), "pretokenizers")) {
    if (has_bytes)
      return unfit("something comes after the pre_tokenizer ByteLevel");
    auto pattern = pattern_of(*x);
    if (!pattern)
      return pattern.error();
    if (!pattern->empty())
      patterns.push_back(std::move(*pattern));
    has_bytes = text_of(member(*x, "type")) == "ByteLevel";
  }
  if (!has_bytes)
    return unfit("has no pre_tokenizer ByteLevel");
  auto rule = find_pre_tokenizer(patterns, *composes);
  if (!rule)
    return unfit("its pre_tokenizer cuts words by a rule that is not known: {}",
                 fmt::join(patterns, ", then "));
  out.pre = *rule;
  return caf::none;
}

caf::error check_decoder(const json& from) {
  const auto& decoder = member(from, "decoder");
  auto type = text_of(member(decoder, "type"));
  if (decoder.is_null() || type == "ByteLevel")
    return caf::none;
  return unfit("the decoder '{}' is not known; only ByteLevel is", type);
}

/// The id that a template puts before texts.
caf::error read_template(const json& from, tokenizer_description& out) {
  std::string first;
  for (const auto* step :
       steps_of(member(from, "post_processor"), "processors")) {
    const auto& single = member(*step, "single");
    if (!single.is_array() || single.empty())
      continue;
    auto piece = text_of(member(member(single.front(), "SpecialToken"), "id"));
    if (!piece.empty())
      first = std::move(piece);
  }
  if (first.empty())
    return caf::none;
  auto found = std::ranges::find(out.pieces, first);
  if (found == out.pieces.end())
    return unfit("texts are to begin with '{}', which is no piece", first);
  out.bos = static_cast<int32_t>(found - out.pieces.begin());
  out.add_bos = true;
  return caf::none;
}

} // namespace

result<tokenizer_description> read_tokenizer_json(const std::string& text) {
  auto from = parse_object(text, "tokenizer.json");
  if (!from)
    return from.error();
  tokenizer_description out;
  if (auto err = read_model(member(*from, "model"), out))
    return err;
  for (auto part : {read_vocabulary, read_rule, read_template})
    if (auto err = part(*from, out))
      return err;
  if (auto err = check_decoder(*from))
    return err;
  return out;
}

} // namespace nnactor
