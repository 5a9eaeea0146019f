#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace nnactor {

/// One number that was measured or computed; `name` is its key in JSON and
/// never changes.
struct figure {
  std::string name;
  double value = 0;
  int digits = 0;          ///< Behind the point, for people.
  std::string explanation; ///< Unit and what it is, for people.
};

using figures = std::vector<figure>;

/// One object: values by name.
inline nlohmann::json to_json(const figures& all) {
  nlohmann::json out;
  for (const auto& x : all)
    out[x.name] = x.value;
  return out;
}

} // namespace nnactor
