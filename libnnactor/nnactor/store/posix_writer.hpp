#pragma once

#include "nnactor/store/filesystem.hpp"

#include <string>

namespace nnactor {

/// Owns a file descriptor. `close` of the destructor is not checked: whoever
/// has written closes by hand.
class descriptor {
public:
  explicit descriptor(int number) : number_(number) {
  }

  descriptor(descriptor&& other) noexcept;
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor();

  int number() const noexcept {
    return number_;
  }

  /// Opens a path, trying again after a signal; -1 and errno on failure.
  static descriptor open(const std::string& path, int flags);

  /// Closes and returns 0, or the errno of the close.
  int close();

private:
  int number_;
};

/// Returns 0, or the errno of an fsync that was tried again after a signal.
int sync(const descriptor& what);

/// A file that is written, synced and closed, every call of it checked.
class posix_writer : public filesystem::writer {
public:
  posix_writer(std::string path, descriptor file);

  caf::error append(std::span<const std::byte> bytes) override;
  caf::error finish() override;

private:
  std::string path_;
  descriptor file_;
};

} // namespace nnactor
