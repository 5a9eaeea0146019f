#pragma once

#include "nnactor/store/filesystem.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace nnactor {

/// Whether a name from a file may be shown to a person and compared by bytes:
/// printable ASCII without spaces, at least one character.
bool is_plain_name(std::string_view name);

/// Reads a file from its beginning, a piece of at most a MiB at a time, and
/// never beyond `limit`. Lengths that the file tells are compared with what is
/// left before anything is allocated for them.
class file_reader {
public:
  /// @param limit Bytes of the file that may be read, at most its size.
  file_reader(filesystem& fs, std::string path, uint64_t limit);

  uint64_t position() const {
    return position_;
  }

  /// Bytes that may still be read.
  uint64_t left() const {
    return limit_ - position_;
  }

  /// What is read from here on, for errors: "key 'general.name'".
  void enter(std::string part) {
    part_ = std::move(part);
  }

  const std::string& part() const {
    return part_;
  }

  /// Fails with `ec::invalid_data` where fewer bytes are left.
  caf::error read(std::span<std::byte> into);

  /// Reads a number that is stored with its lowest byte first.
  template <class T>
  caf::error read(T& into) {
    static_assert(std::is_arithmetic_v<T>);
    return read(std::as_writable_bytes(std::span{&into, 1}));
  }

private:
  caf::error fill();

  filesystem& fs_;
  std::string path_;
  std::string part_ = "the beginning";
  uint64_t limit_;
  uint64_t position_ = 0;
  std::vector<std::byte> window_; ///< What was read of the file last.
  size_t used_ = 0;               ///< Bytes of it that were taken.
};

} // namespace nnactor
