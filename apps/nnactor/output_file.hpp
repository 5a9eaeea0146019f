#pragma once

#include "nnactor/error.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace nnactor {

/// A file that a user has named for what a command finds out. What was there is
/// replaced. Fails with `ec::invalid_argument` where it cannot be opened, and
/// with `ec::internal` where not all of it could be written.
class output_file {
public:
  static result<output_file> create(const std::string& path);

  caf::error write(std::string_view bytes);

  /// Writes what is left and closes the file.
  caf::error finish();

private:
  struct closer {
    void operator()(std::FILE* file) const noexcept {
      std::fclose(file);
    }
  };

  output_file(std::string path, std::FILE* file);

  caf::error unwritable() const;

  std::string path_;
  std::unique_ptr<std::FILE, closer> file_;
};

/// Writes a file as a whole.
caf::error write_text(const std::string& path, std::string_view text);

} // namespace nnactor
