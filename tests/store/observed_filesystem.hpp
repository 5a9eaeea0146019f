#pragma once

#include "nnactor/store/filesystem.hpp"

#include <memory>
#include <string>

namespace nnactor::test {

/// Passes every operation on to another filesystem, counts, and fails where a
/// test wants it.
class observed_filesystem
    : public filesystem,
      public std::enable_shared_from_this<observed_filesystem> {
public:
  explicit observed_filesystem(std::shared_ptr<filesystem> inner);

  uint64_t operations = 0; ///< So far.
  uint64_t bytes_read = 0; ///< So far.
  uint64_t fail_at = 0;    ///< Number of the operation to fail, from 1.
  bool stay_down = false;  ///< All after that one fail, too: a crash.
  bool full = false;       ///< Manifests find no room.

  result<std::unique_ptr<writer>> create(const std::string& path) override;
  caf::error read(const std::string& path, uint64_t offset,
                  std::span<std::byte> into) override;
  result<uint64_t> size(const std::string& path) override;
  result<bool> link(const std::string& from, const std::string& to) override;
  caf::error remove(const std::string& path) override;
  caf::error make_folder(const std::string& path) override;
  caf::error remove_folder(const std::string& path) override;
  caf::error sync_folder(const std::string& path) override;
  result<std::vector<std::string>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  caf::error touch(const std::string& path) override;
  result<uint64_t> modified(const std::string& path) override;

  /// Counts one operation; true if it is to fail.
  bool next_fails();

private:
  std::shared_ptr<filesystem> inner_;
};

} // namespace nnactor::test
