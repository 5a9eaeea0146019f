#include "nnactor/formats/gguf_tokenizer.hpp"

#include "nnactor/tokenizers/usual_ends.hpp"

#include <array>

namespace nnactor {

namespace {

constexpr const char* prefix = "tokenizer.ggml.";

/// Rules whose models have `bos` in front of texts and take words that are
/// pieces as they are, although their files do not say so.
constexpr std::array<std::string_view, 3> llama3_rules = {"llama-bpe", "llama3",
                                                          "llama-v3"};

std::string key(const char* name) {
  return std::string{prefix} + name;
}

caf::error read_pieces(const gguf_file& from, tokenizer_description& out) {
  auto pieces = from.texts(key("tokens"));
  if (!pieces)
    return pieces.error();
  out.pieces = **pieces;
  if (!from.has(key("token_type"))) {
    out.types.assign(out.pieces.size(), piece_type::normal);
    return caf::none;
  }
  auto types = from.wholes(key("token_type"));
  if (!types)
    return types.error();
  for (auto x : *types) {
    auto known = x >= static_cast<int64_t>(piece_type::normal)
                 && x < static_cast<int64_t>(piece_type::end_);
    if (!known)
      return fail(ec::invalid_data,
                  "{}: key '{}' has the type {}, which is none", from.path,
                  key("token_type"), x);
    out.types.push_back(static_cast<piece_type>(x));
  }
  return caf::none;
}

/// "a b"; the space is the first one behind at least one character.
caf::error read_merges(const gguf_file& from, tokenizer_description& out) {
  auto merges = from.texts(key("merges"));
  if (!merges)
    return merges.error();
  for (const auto& x : **merges) {
    auto space = x.find(' ', 1);
    if (space == std::string::npos)
      return fail(ec::invalid_data, "{}: key '{}' has '{}', which is no pair",
                  from.path, key("merges"), x);
    out.merges.emplace_back(x.substr(0, space), x.substr(space + 1));
  }
  return caf::none;
}

caf::error read_id(const gguf_file& from, const char* name,
                   std::optional<int32_t>& out) {
  // What is not there is written as the largest number by some.
  constexpr uint64_t none = UINT32_MAX;
  auto id = from.whole(key(name), none);
  if (!id)
    return id.error();
  if (*id == none)
    return caf::none;
  if (*id > INT32_MAX)
    return fail(ec::invalid_data, "{}: key '{}' is {}, which is no token",
                from.path, key(name), *id);
  out = static_cast<int32_t>(*id);
  return caf::none;
}

caf::error read_ids(const gguf_file& from, tokenizer_description& out) {
  std::optional<int32_t> turn, message;
  for (auto [name, id] :
       {std::pair{"bos_token_id", &out.bos},
        std::pair{"eos_token_id", &out.eos},
        std::pair{"unknown_token_id", &out.unk},
        std::pair{"padding_token_id", &out.pad},
        std::pair{"eot_token_id", &turn}, std::pair{"eom_token_id", &message}})
    if (auto err = read_id(from, name, *id))
      return err;
  for (auto id : {turn, message})
    if (id)
      out.ends.push_back(*id);
  return caf::none;
}

caf::error read_flags(const gguf_file& from, tokenizer_description& out) {
  for (auto [name, flag] :
       {std::pair{"add_bos_token", &out.add_bos},
        std::pair{"add_eos_token", &out.add_eos},
        std::pair{"add_space_prefix", &out.add_space_prefix}}) {
    auto value = from.flag(key(name), *flag);
    if (!value)
      return value.error();
    *flag = *value;
  }
  out.add_bos = out.add_bos && out.bos;
  out.add_eos = out.add_eos && out.eos;
  return caf::none;
}

caf::error read_byte_level(const gguf_file& from, tokenizer_description& out) {
  out.kind = tokenizer_kind::byte_level;
  auto pre = from.text(key("pre"));
  if (!pre)
    return pre.error();
  out.pre = *pre;
  auto is_llama3 = std::ranges::find(llama3_rules, *pre) != llama3_rules.end();
  out.ignore_merges = out.add_bos = is_llama3;
  if (auto err = read_merges(from, out))
    return err;
  if (auto err = read_flags(from, out))
    return err;
  out.add_space_prefix = false;
  return caf::none;
}

caf::error read_by_score(const gguf_file& from, tokenizer_description& out) {
  out.kind = tokenizer_kind::by_score;
  out.add_bos = out.add_space_prefix = true;
  auto scores = from.numbers(key("scores"));
  if (!scores)
    return scores.error();
  out.scores = std::move(*scores);
  return read_flags(from, out);
}

} // namespace

result<tokenizer_description> read_gguf_tokenizer(const gguf_file& from) {
  auto model = from.text(key("model"));
  if (!model)
    return model.error();
  auto is_byte_level = *model == "gpt2";
  if (!is_byte_level && *model != "llama")
    return fail(ec::invalid_data,
                "{}: has a tokenizer '{}'; those that are known are gpt2 and "
                "llama",
                from.path, *model);
  tokenizer_description out;
  if (auto err = read_pieces(from, out))
    return err;
  if (auto err = read_ids(from, out))
    return err;
  if (auto err =
          is_byte_level ? read_byte_level(from, out) : read_by_score(from, out))
    return err;
  if (auto err = check(out))
    return within(from.path, err);
  add_usual_ends(out);
  return out;
}

} // namespace nnactor
