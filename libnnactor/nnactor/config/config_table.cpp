#include "nnactor/config/config_table.hpp"

#include "nnactor/config/overrides.hpp"

#include <regex>
#include <sstream>

namespace nnactor {

namespace {

/// What is wrong with a line of the form KEY = WORD, nothing if it is another.
std::string bare_word(const std::string& text, uint32_t line) {
  static const std::regex form{
      R"(\s*([\w.-]+)\s*=\s*([A-Za-z/.~][^"'#,\[\]{}=]*?)\s*(#.*)?)"};
  std::istringstream in{text};
  std::string found;
  for (uint32_t i = 0; i < line; ++i)
    std::getline(in, found);
  std::smatch match;
  // Longer ones are no mistake of somebody who types.
  if (found.size() > 200 || !std::regex_match(found, match, form))
    return {};
  return fmt::format("a text must be in quotes: {} = \"{}\"", match.str(1),
                     match.str(2));
}

} // namespace

result<toml::table> parse_config(const std::string& text,
                                 const std::string& name,
                                 const std::vector<std::string>& overrides) {
  try {
    auto out = toml::parse(text, name);
    for (const auto& setting : overrides)
      if (auto err = apply_override(out, setting))
        return err;
    return out;
  } catch (const toml::parse_error& what) {
    auto at = what.source().begin;
    auto bare = bare_word(text, at.line);
    return fail(ec::invalid_config, "{}: {}",
                to_string(origin{name, at.line, at.column}),
                bare.empty() ? std::string{what.description()} : bare);
  }
}

bool has_key(const std::string& text, const char* key) {
  auto config = parse_config(text, "", {});
  return config && config->contains(key);
}

} // namespace nnactor
