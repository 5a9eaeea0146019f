#pragma once

#include "reports/figure.hpp"

#include "nnactor/config/transformer_case.hpp"

namespace nnactor {

/// Figures that belong together, and what follows from them.
struct report_section {
  std::string title;
  figures all;
  std::string conclusion = {}; ///< May be empty.
};

/// What the closed forms make of a case: its two readings, what the claims
/// amount to, what no split can beat, both splits, and what the caches hold.
std::vector<report_section> report_on(const transformer_case& what);

/// Text for people.
std::string render(const transformer_case& of,
                   const std::vector<report_section>& all);

/// One object: the figures of all sections.
nlohmann::json to_json(const std::vector<report_section>& all);

} // namespace nnactor
