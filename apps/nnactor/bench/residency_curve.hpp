#pragma once

#include "nnactor/error.hpp"

#include <string>
#include <vector>

namespace nnactor {

/// What two cores gain over one for weights of one size.
struct residency_point {
  double megabytes = 0;
  double latency_gain = 0;
  double pipelined_gain = 0;
  double limit = 0; ///< By the speed of the caches alone.
};

/// Writes a table, a picture, or (empty paths) neither.
caf::error write_curve(const std::vector<residency_point>& points,
                       const std::string& csv, const std::string& svg,
                       bool overwrite);

/// The picture: gains by size, sizes on a logarithmic axis.
std::string draw_curve(const std::vector<residency_point>& points);

} // namespace nnactor
