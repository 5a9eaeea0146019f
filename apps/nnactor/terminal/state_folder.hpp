#pragma once

#include <cstdlib>
#include <string>

namespace nnactor {

/// Where what outlives a program but is worth no backup is kept for this user
/// (XDG Base Directory Specification); empty where there is no such place.
inline std::string state_folder() {
  if (auto* folder = std::getenv("XDG_STATE_HOME"); folder && *folder == '/')
    return std::string{folder} + "/nnactor";
  if (auto* home = std::getenv("HOME"); home && *home)
    return std::string{home} + "/.local/state/nnactor";
  return {};
}

} // namespace nnactor
