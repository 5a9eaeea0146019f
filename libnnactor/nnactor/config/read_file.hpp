#pragma once

#include "nnactor/error.hpp"

#include <string>

namespace nnactor {

/// Reads a file as a whole. Fails with `code`, naming the file and the reason
/// the system gives.
result<std::string> read_file(const std::string& path, ec code);

} // namespace nnactor
