#include "nnactor/config/section.hpp"

#include "nnactor/nearest.hpp"

#include <cmath>
#include <string_view>

namespace nnactor {

namespace {

const char* name_of_type(const toml::node& node) {
  switch (node.type()) {
  case toml::node_type::table:
    return "a table";
  case toml::node_type::array:
    return "a list";
  case toml::node_type::string:
    return "a string";
  case toml::node_type::integer:
    return "an integer";
  case toml::node_type::floating_point:
    return "a float";
  case toml::node_type::boolean:
    return "a boolean";
  default:
    return "a date or time";
  }
}

origin origin_of(const toml::source_region& region, const std::string& file) {
  if (!region.path)
    return {file, region.begin.line, region.begin.column};
  // A value of the command line has no line that a user could look up.
  if (region.path->starts_with("--set "))
    return {*region.path, 0, 0};
  return {*region.path, region.begin.line, region.begin.column};
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string to_string(integer_range allowed) {
  if (allowed.most == INT64_MAX)
    return fmt::format("at least {}", allowed.least);
  return fmt::format("between {} and {}", allowed.least, allowed.most);
}

std::string to_string(real_range allowed) {
  auto low = fmt::format("{} {}", allowed.with_least ? "at least" : "above",
                         allowed.least);
  if (std::isinf(allowed.most))
    return low;
  return fmt::format("{} and {} {}", low,
                     allowed.with_most ? "at most" : "below", allowed.most);
}

bool contains(real_range allowed, double value) {
  return std::isfinite(value)
         && (allowed.with_least ? value >= allowed.least
                                : value > allowed.least)
         && (allowed.with_most ? value <= allowed.most : value < allowed.most);
}

} // namespace

void config_reading::report(const origin& where, const std::string& what) {
  if (error)
    return;
  // What is missing altogether is missing from the start of the file on.
  auto place =
      where.line == 0 && where.file == file ? origin{file, 1, 1} : where;
  error = fail(ec::invalid_config, "{}: {}", nnactor::to_string(place), what);
}

section::section(config_reading& all, const toml::node* from, std::string path)
    : all_(all), path_(std::move(path)) {
  if (from == nullptr)
    return;
  table_ = from->as_table();
  if (table_ == nullptr)
    all_.report(where(*from), fmt::format("'{}' must be a table, not {}", path_,
                                          name_of_type(*from)));
}

origin section::where() const {
  return table_ != nullptr ? where(*table_) : origin{all_.file, 0, 0};
}

origin section::where(const std::string& key) const {
  const auto* node = find(key);
  return node != nullptr ? where(*node) : where();
}

origin section::where(const toml::node& node) const {
  return origin_of(node.source(), all_.file);
}

std::string section::name_of(const std::string& key) const {
  return path_.empty() ? key : path_ + "." + key;
}

bool section::has(const std::string& key) const {
  return find(key) != nullptr;
}

void section::reject(const std::string& key, const std::string& what) const {
  all_.report(where(key), fmt::format("'{}' {}", name_of(key), what));
}

void section::reject(const std::string& what) const {
  all_.report(where(), what);
}

void section::reject_at(const toml::node& node, const std::string& what) const {
  all_.report(where(node), what);
}

void section::reject_type(const std::string& key, const char* expected,
                          const toml::node& node) const {
  reject_at(node, fmt::format("'{}' must be {}, not {}", name_of(key), expected,
                              name_of_type(node)));
}

const toml::node* section::find(const std::string& key) const {
  return table_ != nullptr ? table_->get(key) : nullptr;
}

const toml::node* section::take(const std::string& key) {
  known_.push_back(key);
  all_.keys.push_back(name_of(key));
  return find(key);
}

void section::read(const std::string& key, bool& into) {
  if (const auto* node = take(key)) {
    if (const auto* value = node->as_boolean())
      into = value->get();
    else
      reject_type(key, "true or false", *node);
  }
}

void section::read(const std::string& key, std::string& into) {
  const auto* node = take(key);
  if (node == nullptr)
    return;
  if (const auto* value = node->as_string())
    into = value->get();
  else
    return reject_type(key, "a string", *node);
  if (into.empty())
    reject(key, "must not be empty");
}

void section::read(const std::string& key, std::vector<std::string>& into) {
  const auto* node = take(key);
  if (node == nullptr)
    return;
  const auto* list = node->as_array();
  if (list == nullptr)
    return reject_type(key, "a list of strings", *node);
  if (list->empty())
    return reject(key, "must not be empty");
  for (const auto& element : *list) {
    const auto* word = element.as_string();
    if (word == nullptr)
      return reject_type(key, "a list of strings", element);
    if (word->get().empty())
      return reject_at(
          element,
          fmt::format("'{}' must not hold an empty string", name_of(key)));
    into.push_back(word->get());
  }
}

std::optional<int64_t> section::integer(const std::string& key,
                                        integer_range allowed) {
  const auto* node = take(key);
  if (node == nullptr)
    return std::nullopt;
  const auto* value = node->as_integer();
  if (value == nullptr) {
    reject_type(key, "an integer", *node);
    return std::nullopt;
  }
  auto number = value->get();
  if (number >= allowed.least && number <= allowed.most)
    return number;
  reject(key, fmt::format("is {} but must be {}", number, to_string(allowed)));
  return std::nullopt;
}

std::optional<double> section::real(const std::string& key, real_range allowed,
                                    bool as_float) {
  const auto* node = take(key);
  if (node == nullptr)
    return std::nullopt;
  if (!node->is_number()) {
    reject_type(key, "a number", *node);
    return std::nullopt;
  }
  auto number = node->is_integer()
                    ? static_cast<double>(node->as_integer()->get())
                    : node->as_floating_point()->get();
  auto kept =
      as_float ? static_cast<double>(static_cast<float>(number)) : number;
  if (contains(allowed, kept))
    return kept;
  reject(key, fmt::format("is {} but must be {}", number, to_string(allowed)));
  return std::nullopt;
}

std::optional<size_t> section::choice(const std::string& key,
                                      const std::vector<std::string>& names) {
  const auto* node = take(key);
  if (node == nullptr)
    return std::nullopt;
  const auto* word = node->as_string();
  if (word == nullptr) {
    reject_type(key, "a string", *node);
    return std::nullopt;
  }
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == word->get())
      return i;
  reject(key, fmt::format("is '{}' but must be one of {}{}", word->get(),
                          joined(names), did_you_mean(word->get(), names)));
  return std::nullopt;
}

section section::inside(const std::string& key) {
  known_.push_back(key);
  return {all_, find(key), name_of(key)};
}

std::vector<const toml::node*> section::tables(const std::string& key) {
  known_.push_back(key);
  if (all_.listing)
    return {nullptr};
  const auto* node = find(key);
  if (node == nullptr)
    return {};
  const auto* list = node->as_array();
  if (list == nullptr) {
    reject(key, fmt::format("must be a list of tables, [[{}]], not {}",
                            name_of(key), name_of_type(*node)));
    return {};
  }
  std::vector<const toml::node*> found;
  for (const auto& element : *list)
    found.push_back(&element);
  return found;
}

void section::finish() const {
  if (table_ == nullptr)
    return;
  for (auto&& [key, node] : *table_) {
    auto word = std::string{key.str()};
    if (std::find(known_.begin(), known_.end(), word) != known_.end())
      continue;
    auto hint = did_you_mean(word, known_);
    if (hint.empty())
      hint = fmt::format("; {} {}",
                         path_.empty() ? "sections are" : "keys here are",
                         joined(known_));
    all_.report(
        key.source().begin ? origin_of(key.source(), all_.file) : where(node),
        fmt::format("unknown {} '{}'{}",
                    path_.empty() && node.is_table() ? "section" : "key",
                    name_of(word), hint));
  }
}

} // namespace nnactor
