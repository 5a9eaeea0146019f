#pragma once

#include "nnactor/config/section.hpp"
#include "nnactor/error.hpp"

#include <toml++/toml.h>

#include <string>
#include <type_traits>
#include <vector>

namespace nnactor {

/// Parses the text of a config and applies `--set` settings to it; fails with
/// `ec::invalid_config` and the place.
/// @param name Stands before every position.
result<toml::table> parse_config(const std::string& text,
                                 const std::string& name,
                                 const std::vector<std::string>& overrides);

/// Whether a text is a config that has a key at its top.
bool has_key(const std::string& text, const char* key);

/// Reads a config with `read`, which makes something of the section of all;
/// fails with the first thing that it reports.
template <class Read>
result<std::invoke_result_t<Read, section>>
read_config(const toml::table& config, const std::string& name, Read read) {
  config_reading all;
  all.file = name;
  auto out = read(section{all, &config, ""});
  if (all.error)
    return all.error;
  return out;
}

/// All of the above: makes something of a config's text with `read`.
template <class Read>
result<std::invoke_result_t<Read, section>>
parse_with(Read read, const std::string& text, const std::string& name,
           const std::vector<std::string>& overrides) {
  auto config = parse_config(text, name, overrides);
  if (!config)
    return config.error();
  return read_config(*config, name, read);
}

/// Every key that `read` asks for, by section: "train.steps".
template <class Read>
std::vector<std::string> keys_of(Read read) {
  config_reading all;
  all.listing = true;
  read(section{all, nullptr, ""});
  return all.keys;
}

} // namespace nnactor
