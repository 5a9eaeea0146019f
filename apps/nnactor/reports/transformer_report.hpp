#pragma once

#include "bench/bench.hpp"
#include "commands/commands.hpp"

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

/// Reads such a case and prints the report; returns the exit status.
int plan_transformer(const std::string& text, const experiment_options& how,
                     bool json);

} // namespace nnactor
