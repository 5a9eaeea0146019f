#pragma once

#include <string>

namespace nnactor {

/// A file or folder that goes with this object, and also where an
/// `interruption` ends the program.
class temporary_path {
public:
  explicit temporary_path(std::string path);
  temporary_path(temporary_path&& other) noexcept;
  temporary_path& operator=(temporary_path&& other) noexcept;
  ~temporary_path();

  const std::string& name() const {
    return path_;
  }

private:
  std::string path_;
};

/// Removes what all of them name, before the program ends.
void remove_temporary_paths();

} // namespace nnactor
