#pragma once

#include "commands/commands.hpp"

#include "nnactor/config/scale_case.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nnactor {

/// What one network gives on one number of servers.
struct scale_point {
  std::string network;
  std::string shape;
  uint64_t servers = 0;
  std::optional<decode_plan> plan; ///< Nothing: does not fit their memory.
};

/// Plans every shape on every network and number of servers, in this order.
std::vector<scale_point> plan_scale(const scale_case& what);

/// How the report is wanted; empty paths: not at all.
struct scale_output {
  bool json = false;
  std::string csv;
  std::string svg;
  bool overwrite = false;
};

/// Reads such a case and prints the report; returns the exit status.
int plan_scale(const std::string& text, const experiment_options& from,
               const scale_output& how);

} // namespace nnactor
