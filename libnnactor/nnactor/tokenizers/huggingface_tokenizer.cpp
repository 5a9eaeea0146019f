#include "nnactor/tokenizers/huggingface_tokenizer.hpp"

#include "nnactor/tokenizers/json_values.hpp"
#include "nnactor/tokenizers/sentencepiece_file.hpp"
#include "nnactor/tokenizers/usual_ends.hpp"

#include <algorithm>
#include <map>

namespace nnactor {

namespace {

using nlohmann::json;

constexpr const char* config_name = "tokenizer_config.json";
constexpr const char* generation_name = "generation_config.json";

/// A token of the config: its text, or an object that has it.
std::string token_text(const json& x) {
  return x.is_object() ? text_of(member(x, "content")) : text_of(x);
}

caf::error read_named(const json& config, tokenizer_description& out) {
  for (auto [name, id] :
       {std::pair{"bos_token", &out.bos}, std::pair{"eos_token", &out.eos},
        std::pair{"unk_token", &out.unk}, std::pair{"pad_token", &out.pad}}) {
    auto piece = token_text(member(config, name));
    if (piece.empty())
      continue;
    auto found = std::ranges::find(out.pieces, piece);
    if (found == out.pieces.end())
      return fail(ec::invalid_data, "{}: {} is '{}', which is no piece",
                  config_name, name, piece);
    *id = static_cast<int32_t>(found - out.pieces.begin());
  }
  out.add_bos =
      out.bos && flag_of(member(config, "add_bos_token"), out.add_bos);
  out.add_eos =
      out.eos && flag_of(member(config, "add_eos_token"), out.add_eos);
  return caf::none;
}

/// Pieces that were added to a file of SentencePiece, behind its own.
caf::error read_added(const json& config, tokenizer_description& out) {
  const auto& added = member(config, "added_tokens_decoder");
  if (out.kind != tokenizer_kind::sentencepiece || !added.is_object())
    return caf::none;
  std::map<uint64_t, std::pair<std::string, bool>> by_id;
  for (const auto& [key, token] : added.items()) {
    auto is_digit = [](char x) { return x >= '0' && x <= '9'; };
    constexpr size_t most_digits = 9;
    if (key.empty() || key.size() > most_digits
        || !std::ranges::all_of(key, is_digit))
      return fail(ec::invalid_data, "{}: '{}' is no id of an added token",
                  config_name, key);
    by_id[std::stoull(key)] = {token_text(token),
                               flag_of(member(token, "special"), false)};
  }
  for (const auto& [id, token] : by_id) {
    if (id < out.pieces.size())
      continue;
    if (id != out.pieces.size())
      return fail(ec::invalid_data, "{}: no piece has the id {}", config_name,
                  out.pieces.size());
    out.pieces.push_back(token.first);
    out.types.push_back(token.second ? piece_type::control
                                     : piece_type::user_defined);
  }
  return caf::none;
}

/// A text, or a list of texts with names, of which "default" is for chats.
std::string chat_template_of(const json& config) {
  const auto& what = member(config, "chat_template");
  if (!what.is_array())
    return text_of(what);
  for (const auto& x : what)
    if (text_of(member(x, "name")) == "default")
      return text_of(member(x, "template"));
  return {};
}

caf::error read_config(const std::string& text, huggingface_tokenizer& out) {
  if (text.empty())
    return caf::none;
  auto config = parse_object(text, config_name);
  if (!config)
    return config.error();
  out.chat_template = chat_template_of(*config);
  if (auto err = read_added(*config, out.what))
    return err;
  return read_named(*config, out.what);
}

caf::error read_end(const json& x, tokenizer_description& out) {
  if (x.is_null())
    return caf::none;
  auto id = whole_of(x);
  if (!id)
    return fail(ec::invalid_data, "{}: eos_token_id has what is no id",
                generation_name);
  out.ends.push_back(*id);
  return caf::none;
}

/// One id, or a list of them.
caf::error read_ends(const json& from, tokenizer_description& out) {
  if (!from.is_array())
    return read_end(from, out);
  for (const auto& x : from)
    if (auto err = read_end(x, out))
      return err;
  return caf::none;
}

caf::error read_generation(const std::string& text,
                           tokenizer_description& out) {
  if (text.empty())
    return caf::none;
  auto config = parse_object(text, generation_name);
  if (!config)
    return config.error();
  if (auto err = read_ends(member(*config, "eos_token_id"), out))
    return err;
  if (!out.eos && !out.ends.empty())
    out.eos = out.ends.front();
  if (!out.bos)
    out.bos = whole_of(member(*config, "bos_token_id"));
  if (!out.pad)
    out.pad = whole_of(member(*config, "pad_token_id"));
  return caf::none;
}

} // namespace

result<huggingface_tokenizer>
read_huggingface_tokenizer(huggingface_files files) {
  auto what = files.tokenizer_model.empty()
                  ? read_tokenizer_json(files.tokenizer_json)
                  : read_sentencepiece(std::move(files.tokenizer_model));
  if (!what)
    return what.error();
  huggingface_tokenizer out{std::move(*what), {}};
  if (auto err = read_config(files.tokenizer_config, out))
    return err;
  if (auto err = read_generation(files.generation_config, out.what))
    return err;
  if (auto err = check(out.what))
    return err;
  add_usual_ends(out.what);
  return out;
}

} // namespace nnactor
