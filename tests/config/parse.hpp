#pragma once

#include "nnactor/config/experiment.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace nnactor {

/// The shortest config there is; sections can be added to it.
inline const std::string minimal = "[data]\npath = 'texts'\n";

/// Parses a config that must be right.
inline experiment parsed(const std::string& text,
                         const std::vector<override_text>& overrides = {}) {
  auto out = parse_experiment(text, "x.toml", overrides);
  REQUIRE_MESSAGE(out, explain(out.error()));
  return *out;
}

/// Parses a config that must be wrong and returns the sentence about it.
inline std::string error_of(const std::string& text,
                            const std::vector<override_text>& overrides = {}) {
  auto out = parse_experiment(text, "x.toml", overrides);
  REQUIRE_FALSE(out);
  CHECK(code_of(out.error()) == ec::invalid_config);
  return explain(out.error());
}

} // namespace nnactor
