#include "nnactor/config/overrides.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace nnactor {

namespace {

/// Whether `key` is bare words with single dots between them, which is all
/// that the keys of a config are made of.
bool is_dotted_key(std::string_view key) {
  auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  };
  auto after_dot = true;
  for (auto c : key) {
    if (!is_word(c) && (c != '.' || after_dot))
      return false;
    after_dot = c == '.';
  }
  return !after_dot;
}

/// Whether a value is meant as a whole number.
bool is_whole_number(std::string_view value) {
  if (value.starts_with('-') || value.starts_with('+'))
    value.remove_prefix(1);
  return !value.empty()
         && value.find_first_not_of("0123456789_") == std::string_view::npos;
}

/// Parses "key = value" with the value as TOML, or else as a plain string.
result<toml::table> parse_setting(const std::string& key,
                                  const std::string& value) {
  auto place = "--set " + key;
  // A line break would let a value smuggle in other keys.
  if (value.find_first_of("\r\n") == std::string::npos) {
    try {
      return toml::parse(key + " = " + value, place);
    } catch (const toml::parse_error&) {
      // Not TOML: a bare word such as a path.
    }
  }
  if (is_whole_number(value))
    return fail(ec::invalid_config,
                "{}: is {} but whole numbers go from {} to {}", place, value,
                INT64_MIN, INT64_MAX);
  auto parsed = toml::parse(key + " = ''", place);
  auto* leaf = parsed.at_path(key).as_string();
  leaf->get() = value;
  return parsed;
}

/// Moves all of `from` into `into`, table by table.
caf::error merge(toml::table& into, toml::table& from, const std::string& key,
                 const std::string& path) {
  for (auto&& [name, node] : from) {
    auto full = path.empty() ? std::string{name.str()}
                             : path + "." + std::string{name.str()};
    auto* there = into.get(name.str());
    if (there != nullptr && full != key && !there->is_table())
      return fail(ec::invalid_config,
                  "--set {}: '{}' is not a table; set all of it", key, full);
    if (there == nullptr || full == key)
      into.insert_or_assign(name, std::move(node));
    else if (auto err = merge(*there->as_table(), *node.as_table(), key, full))
      return err;
  }
  return caf::none;
}

} // namespace

caf::error apply_override(toml::table& config, const std::string& setting) {
  auto equals = setting.find('=');
  auto key = setting.substr(0, equals);
  if (equals == std::string::npos || !is_dotted_key(key))
    return fail(ec::invalid_config,
                "--set {}: must read KEY=VALUE, for example train.steps=50",
                setting);
  auto parsed = parse_setting(key, setting.substr(equals + 1));
  if (!parsed)
    return parsed.error();
  return merge(config, *parsed, key, "");
}

} // namespace nnactor
