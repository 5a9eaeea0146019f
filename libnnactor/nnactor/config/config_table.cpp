#include "nnactor/config/config_table.hpp"

#include "nnactor/config/overrides.hpp"

namespace nnactor {

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
    return fail(ec::invalid_config, "{}: {}",
                to_string(origin{name, at.line, at.column}),
                what.description());
  }
}

bool has_key(const std::string& text, const char* key) {
  auto config = parse_config(text, "", {});
  return config && config->contains(key);
}

} // namespace nnactor
