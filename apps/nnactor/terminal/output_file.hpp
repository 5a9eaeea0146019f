#pragma once

#include "terminal/temporary_path.hpp"

#include "nnactor/error.hpp"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nnactor {

/// Fails with `ec::invalid_argument` if a command may not write its result to
/// a path: something is there that it would replace without being told to.
/// What is no file, such as /dev/stdout, can be written to, and an empty path
/// is none.
caf::error check_output(const std::string& path, bool overwrite);

/// A file that is written under another name, which goes with this object, and
/// gets its own when it is whole.
class whole_file {
public:
  /// @param overwrite Replace what is there; fails as `check_output` does.
  static result<whole_file> begin(const std::string& path, bool overwrite);

  /// Where to write.
  const std::string& part() const {
    return part_ ? part_->name() : path_;
  }

  caf::error finish();

private:
  whole_file(std::string path, bool overwrite);

  std::string path_;
  bool overwrite_;
  std::optional<temporary_path> part_; ///< None for what is no file.
};

/// A file that a user has named for what a command finds out. Fails with
/// `ec::invalid_argument` where it cannot be made, and with `ec::internal`
/// where not all of it could be written.
class output_file {
public:
  /// @param overwrite Replace what is there; fails as `check_output` does.
  static result<output_file> create(const std::string& path, bool overwrite);

  caf::error write(std::string_view bytes);

  /// Writes what is left, closes the file and gives it its name.
  caf::error finish();

private:
  struct closer {
    void operator()(std::FILE* file) const noexcept {
      std::fclose(file);
    }
  };

  output_file(std::string path, whole_file target);

  caf::error unwritable() const;

  std::string path_;
  whole_file target_;
  std::unique_ptr<std::FILE, closer> file_;
};

/// Writes a file as a whole.
caf::error write_text(const std::string& path, std::string_view text,
                      bool overwrite);

} // namespace nnactor
