#pragma once

#include "nnactor/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nnactor {

/// One measured number; `name` is its key in JSON and never changes.
struct figure {
  std::string name;
  double value = 0;
  int digits = 0;          ///< Behind the point, for people.
  std::string explanation; ///< Unit and what it is, for people.
};

using figures = std::vector<figure>;

/// `nnactor bench step`: the same partition on one node process, on three, and
/// in a plain loop without actors.
struct step_bench {
  std::string config = "configs/quickstart.toml";
  uint64_t steps = 400;
};

result<figures> run(const step_bench& how);

} // namespace nnactor
