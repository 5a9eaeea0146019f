#pragma once

#include "nnactor/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace nnactor {

/// The file operations that the commit protocol is made of. Paths are plain
/// strings; every failure is an error that names the path and the reason.
/// Two implementations: POSIX, and one in memory for tests.
class filesystem {
public:
  virtual ~filesystem() = default;

  /// A file being written by its only writer.
  class writer {
  public:
    virtual ~writer() = default;
    virtual caf::error append(std::span<const std::byte> bytes) = 0;
    /// fsync and close, both checked. After a failure of either the file is
    /// to be thrown away, never synced again.
    virtual caf::error finish() = 0;
  };

  /// Creates a file that must not exist (O_EXCL).
  virtual result<std::unique_ptr<writer>> create(const std::string& path) = 0;

  /// Reads `size` bytes from `offset`; fails if there are fewer.
  virtual caf::error read(const std::string& path, uint64_t offset,
                          std::span<std::byte> into) = 0;

  virtual result<uint64_t> size(const std::string& path) = 0;

  /// Gives an existing file a second name. Returns false if that name was
  /// taken: another coordinator won.
  virtual result<bool> link(const std::string& from, const std::string& to) = 0;

  virtual caf::error remove(const std::string& path) = 0;

  /// Creates a folder and its parents; an existing one is fine.
  virtual caf::error make_folder(const std::string& path) = 0;

  virtual caf::error remove_folder(const std::string& path) = 0;

  /// Makes the names in a folder durable.
  virtual caf::error sync_folder(const std::string& path) = 0;

  /// Returns the names in a folder, ascending.
  virtual result<std::vector<std::string>> list(const std::string& path) = 0;

  virtual bool exists(const std::string& path) = 0;

  /// Sets the time of an existing file to now. Takes no space, so it also
  /// works on a full disk.
  virtual caf::error touch(const std::string& path) = 0;

  /// When a file was written or touched, in nanoseconds since 1970.
  virtual result<uint64_t> modified(const std::string& path) = 0;
};

std::shared_ptr<filesystem> make_posix_filesystem();
std::shared_ptr<filesystem> make_memory_filesystem();

} // namespace nnactor
