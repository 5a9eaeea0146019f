#include "nnactor/data/corpus.hpp"

#include "nnactor/config/read_file.hpp"
#include "nnactor/data/utf8.hpp"

#include <boost/filesystem.hpp>

#include <algorithm>
#include <set>
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

result<std::vector<uint32_t>> read_code_points(const std::string& path,
                                               const vocabulary* known) {
  auto text = read_file(path, ec::invalid_data);
  if (!text)
    return text.error();
  std::vector<uint32_t> points;
  points.reserve(text->size());
  caf::error problem;
  for_each_code_point(*text, [&](uint32_t point, size_t offset) {
    if (point == 0)
      problem = fail(ec::invalid_data, "{}: is not text: byte {} is zero", path,
                     offset);
    else if (point == no_code_point)
      problem =
          fail(ec::invalid_data, "{}: byte {} is not UTF-8", path, offset);
    else if (point == byte_order_mark && offset == 0)
      return true;
    else if (known != nullptr
             && !std::ranges::binary_search(known->code_points, point))
      problem = fail(ec::invalid_data,
                     "{}: byte {} is {}, which the model has not seen in "
                     "training; leave such characters out",
                     path, offset, name_of_character(point));
    points.push_back(point);
    return !problem;
  });
  if (problem)
    return problem;
  return points;
}

vocabulary collect_characters(const std::vector<std::vector<uint32_t>>& texts) {
  std::set<uint32_t> all;
  for (const auto& text : texts)
    all.insert(text.begin(), text.end());
  return {{all.begin(), all.end()}};
}

std::vector<int32_t>
tokens_of(const std::vector<uint32_t>& text,
          const std::unordered_map<uint32_t, int32_t>& tokens) {
  std::vector<int32_t> out;
  out.reserve(text.size());
  for (auto point : text)
    out.push_back(tokens.at(point));
  return out;
}

corpus tokenise(const std::vector<std::vector<uint32_t>>& texts,
                vocabulary characters) {
  corpus out;
  out.characters = std::move(characters);
  std::unordered_map<uint32_t, int32_t> tokens;
  for (auto point : out.characters.code_points)
    tokens.emplace(point, static_cast<int32_t>(tokens.size()));
  for (const auto& text : texts)
    out.texts.push_back(tokens_of(text, tokens));
  return out;
}

} // namespace

result<corpus> read_corpus(const std::string& path, const vocabulary* known) {
  auto files = list_files(path);
  if (!files)
    return files.error();
  std::vector<std::vector<uint32_t>> texts;
  for (const auto& file : *files) {
    auto text = read_code_points(file, known);
    if (!text)
      return text.error();
    if (!text->empty())
      texts.push_back(std::move(*text));
  }
  if (texts.empty())
    return fail(ec::invalid_data, "{}: is empty", path);
  return tokenise(texts, known != nullptr ? *known : collect_characters(texts));
}

} // namespace nnactor
