#pragma once

#include "nnactor/run/job_footprint.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace nnactor {

/// Tables for people.
std::string render(const job_footprint& what);

nlohmann::json to_json(const job_footprint& what);

} // namespace nnactor
