#pragma once

#include "nnactor/config/scale_case.hpp"

#include <nlohmann/json.hpp>

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

/// Tables for people, one a network.
/// @param seconds That all plans took.
std::string render(const scale_case& of, const std::vector<scale_point>& all,
                   double seconds);

nlohmann::json to_json(const std::vector<scale_point>& all);

/// A line a point that fits, below headings.
std::string to_csv(const std::vector<scale_point>& all);

/// One line a shape and network, from the first number of servers that holds
/// it.
std::string to_svg(const scale_case& of, const std::vector<scale_point>& all);

} // namespace nnactor
