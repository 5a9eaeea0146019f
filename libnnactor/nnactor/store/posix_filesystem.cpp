#include "nnactor/store/filesystem.hpp"
#include "nnactor/store/posix_error.hpp"
#include "nnactor/store/posix_writer.hpp"

#include <boost/filesystem.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace nnactor {

namespace {

namespace fs = boost::filesystem;

// Opening makes an NFS client ask the server, where stat may answer from its
// cache. Zero where the file cannot be asked.
nlink_t count_links(const std::string& path) {
  auto file = descriptor::open(path, O_RDONLY);
  struct stat status {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0)
    return 0;
  return status.st_nlink;
}

uint64_t file_size(const descriptor& file) {
  struct stat status {};
  return ::fstat(file.number(), &status) == 0
             ? static_cast<uint64_t>(status.st_size)
             : 0;
}

std::string parent_of(const fs::path& path) {
  auto parent = path.parent_path();
  return parent.empty() ? "." : parent.string();
}

class posix_filesystem : public filesystem {
public:
  result<std::unique_ptr<writer>> create(const std::string& path) override {
    auto file = descriptor::open(path, O_WRONLY | O_CREAT | O_EXCL);
    if (file.number() < 0)
      return write_failure(path, "create", errno);
    return std::unique_ptr<writer>{
        std::make_unique<posix_writer>(path, std::move(file))};
  }

  caf::error read(const std::string& path, uint64_t offset,
                  std::span<std::byte> into) override {
    auto file = descriptor::open(path, O_RDONLY);
    if (file.number() < 0)
      return read_failure(path, "open", errno);
    while (!into.empty()) {
      auto got = ::pread(file.number(), into.data(), into.size(),
                         static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return read_failure(path, "read", errno);
      if (got == 0)
        return too_short(path, file_size(file), offset, into.size());
      offset += static_cast<uint64_t>(got);
      into = into.subspan(static_cast<size_t>(got));
    }
    return caf::none;
  }

  result<uint64_t> size(const std::string& path) override {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
      return read_failure(path, "open", errno);
    if (!S_ISREG(status.st_mode))
      return fail(ec::store_corrupt, "{}: not a regular file", path);
    return static_cast<uint64_t>(status.st_size);
  }

  // Over NFS the reply can be lost and the call repeated: then even EEXIST may
  // hide a success. The name linked from is ours alone, so one link more than
  // before is our link.
  result<bool> link(const std::string& from, const std::string& to) override {
    auto before = count_links(from);
    if (::link(from.c_str(), to.c_str()) == 0)
      return true;
    auto number = errno;
    if (before != 0 && count_links(from) > before)
      return true;
    if (number == EEXIST)
      return false;
    return write_failure(to, "link", number);
  }

  caf::error remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0)
      return write_failure(path, "remove", errno);
    return caf::none;
  }

  caf::error make_folder(const std::string& path) override {
    boost::system::error_code error;
    if (fs::is_directory(path, error))
      return caf::none;
    auto parent = parent_of(path);
    if (parent != path)
      if (auto err = make_folder(parent))
        return err;
    if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST)
      return write_failure(path, "create this folder", errno);
    // Somebody else may have made it, but a file under that name is no folder.
    if (!fs::is_directory(path, error))
      return write_failure(path, "create this folder", ENOTDIR);
    return sync_folder(parent);
  }

  caf::error remove_folder(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0)
      return write_failure(path, "remove this folder", errno);
    return caf::none;
  }

  caf::error sync_folder(const std::string& path) override {
    auto folder = descriptor::open(path, O_RDONLY | O_DIRECTORY);
    if (folder.number() < 0)
      return write_failure(path, "open this folder", errno);
    // EINVAL: a file system whose folders need no sync, such as some FUSE.
    auto number = sync(folder);
    if (number != 0 && number != EINVAL)
      return write_failure(path, "sync this folder", number);
    return caf::none;
  }

  result<std::vector<std::string>> list(const std::string& path) override {
    boost::system::error_code error;
    std::vector<std::string> names;
    fs::directory_iterator entry{path, error};
    for (; !error && entry != fs::directory_iterator{}; entry.increment(error))
      names.push_back(entry->path().filename().string());
    if (error)
      return read_failure(path, "list this folder", error.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  bool exists(const std::string& path) override {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0;
  }

  caf::error touch(const std::string& path) override {
    if (::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) != 0)
      return write_failure(path, "touch", errno);
    return caf::none;
  }

  // Opens it for the same reason as `count_links`.
  result<uint64_t> modified(const std::string& path) override {
    auto file = descriptor::open(path, O_RDONLY);
    struct stat status {};
    if (file.number() < 0 || ::fstat(file.number(), &status) != 0)
      return read_failure(path, "open", errno);
    constexpr uint64_t second = 1000000000;
    return static_cast<uint64_t>(status.st_mtim.tv_sec) * second
           + static_cast<uint64_t>(status.st_mtim.tv_nsec);
  }
};

} // namespace

std::shared_ptr<filesystem> make_posix_filesystem() {
  return std::make_shared<posix_filesystem>();
}

} // namespace nnactor
