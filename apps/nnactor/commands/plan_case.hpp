#pragma once

#include "commands/job_options.hpp"

#include <string>

namespace nnactor {

// `nnactor plan` of a config that describes published hardware and networks,
// not something to run. Each prints its report and returns the exit status.

/// @param text What is in the config.
int plan_transformer(const std::string& text, const experiment_options& from,
                     bool json);

/// How the report of a scale is wanted; empty paths: not at all.
struct scale_output {
  bool json = false;
  std::string csv;
  std::string svg;
  bool overwrite = false;
};

int plan_scale(const std::string& text, const experiment_options& from,
               const scale_output& how);

} // namespace nnactor
