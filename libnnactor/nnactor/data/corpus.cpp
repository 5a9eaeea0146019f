#include "nnactor/data/corpus.hpp"

#include "nnactor/config/read_file.hpp"
#include "nnactor/data/byte_pairs.hpp"
#include "nnactor/utf8.hpp"

#include <boost/filesystem.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <unordered_map>

namespace nnactor {

namespace {

namespace fs = boost::filesystem;
using boost::system::error_code;

/// Some editors begin a text with it; it says nothing in UTF-8.
constexpr uint32_t byte_order_mark = 0xfeff;

caf::error unreadable(const std::string& path, const std::string& why) {
  return fail(ec::invalid_data, "{}: cannot be read: {}", path, why);
}

/// Adds a file under its real name, so that every file counts once. Folders
/// in a folder are passed over, and so is whatever cannot hold a text.
caf::error add_file(const fs::path& path, std::set<std::string>& files) {
  error_code failure;
  auto real = fs::canonical(path, failure);
  if (failure) {
    error_code no_link;
    auto target = fs::read_symlink(path, no_link);
    return no_link ? unreadable(path.string(), failure.message())
                   : fail(ec::invalid_data,
                          "{}: is a link to {}, which cannot be read: {}",
                          path.string(), target.string(), failure.message());
  }
  if (fs::is_regular_file(real, failure))
    files.insert(real.string());
  return caf::none;
}

result<std::set<std::string>> list_files(const std::string& path) {
  std::set<std::string> files;
  error_code failure;
  if (!fs::is_directory(path, failure)) {
    if (auto err = add_file(path, files))
      return err;
    if (files.empty())
      return fail(ec::invalid_data, "{}: is neither a file nor a folder", path);
    return files;
  }
  fs::directory_iterator entry{path, failure};
  for (; !failure && entry != fs::directory_iterator{};
       entry.increment(failure))
    if (auto err = add_file(entry->path(), files))
      return err;
  if (failure)
    return unreadable(path, failure.message());
  if (files.empty())
    return fail(ec::invalid_data, "{}: holds no files", path);
  return files;
}

/// Returns what is wrong with a code point of a text, no error if nothing is.
caf::error check_code_point(const std::string& path, uint32_t point,
                            size_t offset, const vocabulary* known) {
  if (point == 0)
    return fail(ec::invalid_data, "{}: is not text: byte {} is zero", path,
                offset);
  if (point == no_code_point)
    return fail(ec::invalid_data, "{}: byte {} is not UTF-8", path, offset);
  if (known != nullptr && !known->has_bytes()
      && !std::ranges::binary_search(known->code_points, point))
    return fail(ec::invalid_data,
                "{}: byte {} is {}, which the model has not seen in "
                "training; leave such characters out",
                path, offset, name_of_character(point));
  return caf::none;
}

/// A text that was read and is UTF-8.
struct plain_text {
  std::string bytes;
  uint64_t characters = 0;
};

result<plain_text> read_text(const std::string& path, const vocabulary* known) {
  auto bytes = read_file(path, ec::invalid_data);
  if (!bytes)
    return bytes.error();
  plain_text out;
  auto mark = encode_code_point(byte_order_mark);
  auto begin = bytes->starts_with(mark) ? mark.size() : 0;
  caf::error problem;
  for_each_code_point(std::string_view{*bytes}.substr(begin),
                      [&](uint32_t point, size_t offset) {
                        problem = check_code_point(path, point, begin + offset,
                                                   known);
                        ++out.characters;
                        return !problem;
                      });
  if (problem)
    return problem;
  bytes->erase(0, begin);
  out.bytes = std::move(*bytes);
  return out;
}

/// A text with the place where its validation part begins.
class split_text {
public:
  split_text(plain_text text, double validation)
      : text_(std::move(text)), begin_(text_.bytes.size()) {
    auto kept =
        std::llround(static_cast<double>(text_.characters) * validation);
    validation_characters_ = static_cast<uint64_t>(kept);
    auto before = text_.characters - validation_characters_;
    uint64_t passed = 0;
    for_each_code_point(text_.bytes, [&](uint32_t, size_t offset) {
      if (passed++ < before)
        return true;
      begin_ = offset;
      return false;
    });
  }

  std::string_view training() const {
    return std::string_view{text_.bytes}.substr(0, begin_);
  }

  std::string_view validation() const {
    return std::string_view{text_.bytes}.substr(begin_);
  }

  std::string_view all() const {
    return text_.bytes;
  }

  /// @param encode Adds the tokens of a text to a vector.
  template <class Encode>
  tokenised_text tokenise(Encode encode) const {
    tokenised_text out;
    encode(training(), out.tokens);
    out.training = out.tokens.size();
    encode(validation(), out.tokens);
    out.characters = text_.characters;
    out.validation_characters = validation_characters_;
    return out;
  }

private:
  plain_text text_;
  uint64_t validation_characters_ = 0;
  size_t begin_; ///< Of the validation part.
};

using texts_read = std::vector<split_text>;

vocabulary collect_characters(const texts_read& texts) {
  std::set<uint32_t> all;
  for (const auto& text : texts)
    for_each_code_point(text.all(), [&](uint32_t point, size_t) {
      all.insert(point);
      return true;
    });
  return {{all.begin(), all.end()}};
}

result<vocabulary> learn_vocabulary(const texts_read& texts,
                                    const data_settings& how) {
  if (how.tokens == 0)
    return collect_characters(texts);
  std::vector<std::string_view> parts;
  for (const auto& text : texts)
    parts.push_back(text.training());
  vocabulary out;
  out.merges = learn_byte_pairs(parts, how.tokens - byte_tokens);
  if (out.merges.empty())
    return fail(ec::invalid_data,
                "{}: has no two bytes that stand together twice, so that data."
                "tokens has nothing to make tokens of; leave it out",
                how.path);
  return out;
}

void tokenise_characters(const texts_read& texts, corpus& into) {
  std::unordered_map<uint32_t, int32_t> tokens;
  for (auto point : into.characters.code_points)
    tokens.emplace(point, static_cast<int32_t>(tokens.size()));
  auto encode = [&](std::string_view text, std::vector<int32_t>& out) {
    for_each_code_point(text, [&](uint32_t point, size_t) {
      out.push_back(tokens.at(point));
      return true;
    });
  };
  for (const auto& text : texts)
    into.texts.push_back(text.tokenise(encode));
}

void tokenise_bytes(const texts_read& texts, corpus& into) {
  byte_pair_encoder encoder{into.characters.merges};
  auto encode = [&](std::string_view text, std::vector<int32_t>& out) {
    encoder.encode(text, out);
  };
  for (const auto& text : texts)
    into.texts.push_back(text.tokenise(encode));
}

} // namespace

result<corpus> read_corpus(const data_settings& how, const vocabulary* known) {
  auto files = list_files(how.path);
  if (!files)
    return files.error();
  texts_read texts;
  for (const auto& file : *files) {
    auto text = read_text(file, known);
    if (!text)
      return text.error();
    if (!text->bytes.empty())
      texts.emplace_back(std::move(*text), how.validation);
  }
  if (texts.empty())
    return fail(ec::invalid_data, "{}: is empty", how.path);
  auto learnt = known != nullptr ? *known : learn_vocabulary(texts, how);
  if (!learnt)
    return learnt.error();
  corpus out;
  out.characters = std::move(*learnt);
  if (out.characters.has_bytes())
    tokenise_bytes(texts, out);
  else
    tokenise_characters(texts, out);
  return out;
}

} // namespace nnactor
