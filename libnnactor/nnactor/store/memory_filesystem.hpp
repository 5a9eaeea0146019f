#pragma once

#include "nnactor/store/filesystem.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace nnactor {

/// The in-memory twin of the POSIX filesystem: same rules, same errors, and it
/// knows what a power loss would leave. Thread safe. "." and "/" always exist.
class memory_filesystem : public filesystem {
public:
  memory_filesystem();
  ~memory_filesystem() override;

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

  /// Drops whatever was not made durable: names (new, linked or removed) since
  /// the last sync of their folder, contents of files that were not finished.
  void power_loss();

  /// A file's content; any number of names lead to it.
  struct file {
    std::vector<std::byte> bytes;
    bool durable = false; ///< Finished: synced and closed.
    uint64_t modified = 0;
  };

private:
  using names = std::map<std::string, std::shared_ptr<file>>;

  struct folder {
    names files;
    names durable_files; ///< As of the last sync.
  };

  folder* folder_of(const std::string& path);
  std::shared_ptr<file> find(const std::string& path);
  caf::error make_folder_unlocked(const std::string& path);

  std::shared_ptr<std::mutex> mutex_; ///< Shared with writers.
  std::map<std::string, folder> folders_;
  uint64_t now_ = 0; ///< Goes on with every file that is created or touched.
};

} // namespace nnactor
