#pragma once

#include "nnactor/error.hpp"

#include <fstream>
#include <string>

namespace nnactor {

/// Writes a file as a whole; fails with `ec::invalid_argument`.
inline caf::error write_text(const std::string& path, const std::string& text) {
  std::ofstream out{path, std::ios::trunc};
  out << text;
  if (!out.flush())
    return fail(ec::invalid_argument,
                "cannot write {}; name a file in a folder that can be written",
                path);
  return caf::none;
}

} // namespace nnactor
