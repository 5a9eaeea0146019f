#pragma once

#include "nnactor/error.hpp"
#include "nnactor/partition/planner.hpp"

#include <string>
#include <vector>

namespace nnactor {

/// Devices that a plan is made for, as a file describes them.
struct device_list {
  planned_cluster on;
  std::vector<std::string> servers; ///< Their names; may be empty.
};

/// Reads such a file; configs/devices/README.md documents every key. Fails with
/// `ec::invalid_config` and the place.
result<device_list> parse_device_list(const std::string& text,
                                      const std::string& name);

/// Every key of such a file, by section.
std::vector<std::string> device_list_keys();

} // namespace nnactor
