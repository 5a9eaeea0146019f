#include "commands/model_tokens.hpp"

#include "model/view.hpp"
#include "terminal/format.hpp"

#include "nnactor/config/read_file.hpp"
#include "nnactor/formats/gguf_tokenizer.hpp"
#include "nnactor/run/answers.hpp"
#include "nnactor/tokenizers/huggingface_tokenizer.hpp"
#include "nnactor/tokenizers/sentencepiece_file.hpp"

#include <boost/filesystem.hpp>

#include <algorithm>

namespace nnactor {

namespace {

/// Reads a file of a folder; one that is not there is empty.
caf::error read_if_there(const boost::filesystem::path& path,
                         std::string& into) {
  boost::system::error_code ignored;
  if (!boost::filesystem::exists(path, ignored))
    return caf::none;
  auto text = read_file(path.string(), ec::invalid_data);
  if (!text)
    return text.error();
  into = std::move(*text);
  return caf::none;
}

result<tokenizer_description> read_hub_folder(const std::string& folder) {
  boost::filesystem::path path{folder};
  huggingface_files files;
  for (auto [name, into] :
       {std::pair{"tokenizer.json", &files.tokenizer_json},
        std::pair{"tokenizer.model", &files.tokenizer_model},
        std::pair{"tokenizer_config.json", &files.tokenizer_config},
        std::pair{"generation_config.json", &files.generation_config}})
    if (auto err = read_if_there(path / name, *into))
      return err;
  auto out = read_huggingface_tokenizer(std::move(files));
  if (!out)
    return within(folder, out.error());
  return std::move(out->what);
}

result<tokenizer_description> read_tokenizer_file(const std::string& path) {
  auto text = read_file(path, ec::invalid_data);
  if (!text)
    return text.error();
  auto what = path.ends_with(".json") ? read_tokenizer_json(*text)
                                      : read_sentencepiece(std::move(*text));
  return what ? what : within(path, what.error());
}

/// One token a character, or bytes.
model_token token_of(const vocabulary& from, int32_t id) {
  auto text = from.decode(id);
  return {id, text, text};
}

} // namespace

result<model_tokens> model_tokens::of(result<tokenizer_description> what) {
  if (!what)
    return what.error();
  auto made = tokenizer::make(std::move(*what));
  if (!made)
    return made.error();
  return model_tokens{std::move(*made)};
}

result<model_tokens> model_tokens::of_store(const std::string& path) {
  model_view view{path};
  auto one = view.load("best");
  if (!one)
    return one.error();
  auto known = vocabulary_in(one->what);
  if (!known)
    return known.error();
  if (known->empty())
    return fail(ec::invalid_argument,
                "{} is no language model: it has no tokens", path);
  return model_tokens{std::move(*known)};
}

result<model_tokens> model_tokens::of_folder(const std::string& path) {
  boost::system::error_code ignored;
  for (const auto* name : {"tokenizer.json", "tokenizer.model"})
    if (boost::filesystem::exists(boost::filesystem::path{path} / name,
                                  ignored))
      return of(read_hub_folder(path));
  return of_store(path);
}

result<model_tokens> model_tokens::open(const std::string& path) {
  boost::system::error_code ignored;
  if (boost::filesystem::is_directory(path, ignored))
    return of_folder(path);
  if (path.ends_with(".json") || path.ends_with(".model"))
    return of(read_tokenizer_file(path));
  auto fs = make_posix_filesystem();
  if (!boost::filesystem::exists(path, ignored))
    return fail(ec::invalid_argument, "{}: there is no such file or folder",
                path);
  if (!is_gguf(*fs, path))
    return fail(ec::invalid_argument,
                "{}: is no model: neither a folder, nor GGUF, nor a file that "
                "ends in .json or .model",
                path);
  auto file = read_gguf(*fs, path);
  return file ? of(read_gguf_tokenizer(*file)) : file.error();
}

result<std::vector<model_token>> model_tokens::encode(const std::string& text,
                                                      bool special) const {
  std::vector<model_token> out;
  if (const auto* own = std::get_if<vocabulary>(&what_)) {
    if (auto unknown = own->unknown(text); !unknown.empty())
      return fail(ec::invalid_argument, "the model has not seen {} in training",
                  name_of_character(unknown.front()));
    for (auto id : own->encode(text))
      out.push_back(token_of(*own, id));
    return out;
  }
  const auto& by = std::get<tokenizer>(what_);
  auto ids = by.encode(text, {.special = special});
  if (!ids)
    return ids.error();
  for (auto id : *ids)
    out.push_back({id, by.piece(id), by.bytes(id)});
  return out;
}

std::string model_tokens::summary() const {
  if (const auto* own = std::get_if<vocabulary>(&what_))
    return own->has_bytes()
               ? "bytes and " + counted(own->merges.size(), "byte pair")
               : counted(own->size(), "character");
  const auto& by = std::get<tokenizer>(what_);
  return fmt::format("{}, {}", to_string(by.description().kind),
                     counted(by.size(), "piece"));
}

} // namespace nnactor
