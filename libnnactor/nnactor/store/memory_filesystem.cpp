#include "nnactor/store/memory_filesystem.hpp"

#include "nnactor/store/posix_error.hpp"

#include <boost/filesystem/path.hpp>

#include <algorithm>
#include <cerrno>

namespace nnactor {

namespace {

using guard = std::lock_guard<std::mutex>;

// One spelling for every path: "a//b/", "./a/b" and "a/b" are the same.
std::string plain(const std::string& path) {
  auto normal = boost::filesystem::path{path}.lexically_normal();
  if (normal.filename() == "." && !normal.parent_path().empty())
    normal = normal.parent_path();
  return normal.empty() ? "." : normal.string();
}

std::string parent_of(const std::string& path) {
  auto parent = boost::filesystem::path{plain(path)}.parent_path();
  return parent.empty() ? "." : parent.string();
}

std::string name_of(const std::string& path) {
  return boost::filesystem::path{plain(path)}.filename().string();
}

class memory_writer : public filesystem::writer {
public:
  memory_writer(std::shared_ptr<std::mutex> mutex,
                std::shared_ptr<memory_filesystem::file> target)
      : mutex_(std::move(mutex)), target_(std::move(target)) {
  }

  caf::error append(std::span<const std::byte> bytes) override {
    guard lock{*mutex_};
    target_->bytes.insert(target_->bytes.end(), bytes.begin(), bytes.end());
    return caf::none;
  }

  caf::error finish() override {
    guard lock{*mutex_};
    target_->durable = true;
    return caf::none;
  }

private:
  std::shared_ptr<std::mutex> mutex_;
  std::shared_ptr<memory_filesystem::file> target_;
};

} // namespace

memory_filesystem::memory_filesystem()
    : mutex_(std::make_shared<std::mutex>()) {
  folders_["."];
  folders_["/"];
}

memory_filesystem::~memory_filesystem() = default;

memory_filesystem::folder*
memory_filesystem::folder_of(const std::string& path) {
  auto entry = folders_.find(parent_of(path));
  return entry == folders_.end() ? nullptr : &entry->second;
}

std::shared_ptr<memory_filesystem::file>
memory_filesystem::find(const std::string& path) {
  auto* parent = folder_of(path);
  if (parent == nullptr)
    return nullptr;
  auto entry = parent->files.find(name_of(path));
  return entry == parent->files.end() ? nullptr : entry->second;
}

result<std::unique_ptr<filesystem::writer>>
memory_filesystem::create(const std::string& path) {
  guard lock{*mutex_};
  auto* parent = folder_of(path);
  if (parent == nullptr)
    return write_failure(path, "create", ENOENT);
  if (parent->files.contains(name_of(path)) || folders_.contains(plain(path)))
    return write_failure(path, "create", EEXIST);
  auto content = std::make_shared<file>();
  content->modified = ++now_;
  parent->files[name_of(path)] = content;
  return std::unique_ptr<writer>{
      std::make_unique<memory_writer>(mutex_, std::move(content))};
}

caf::error memory_filesystem::read(const std::string& path, uint64_t offset,
                                   std::span<std::byte> into) {
  guard lock{*mutex_};
  auto content = find(path);
  if (!content)
    return read_failure(path, "open", ENOENT);
  auto size = content->bytes.size();
  auto there = offset < size ? size - offset : 0;
  if (there < into.size())
    return too_short(path, size, offset + there, into.size() - there);
  std::copy_n(content->bytes.begin() + static_cast<ptrdiff_t>(offset),
              into.size(), into.begin());
  return caf::none;
}

result<uint64_t> memory_filesystem::size(const std::string& path) {
  guard lock{*mutex_};
  auto content = find(path);
  if (!content)
    return read_failure(path, "open", ENOENT);
  return static_cast<uint64_t>(content->bytes.size());
}

result<bool> memory_filesystem::link(const std::string& from,
                                     const std::string& to) {
  guard lock{*mutex_};
  auto content = find(from);
  auto* parent = folder_of(to);
  if (!content || parent == nullptr)
    return write_failure(to, "link", ENOENT);
  if (folders_.contains(plain(to)))
    return false;
  return parent->files.emplace(name_of(to), std::move(content)).second;
}

caf::error memory_filesystem::remove(const std::string& path) {
  guard lock{*mutex_};
  if (!find(path))
    return write_failure(path, "remove", ENOENT);
  folder_of(path)->files.erase(name_of(path));
  return caf::none;
}

caf::error memory_filesystem::make_folder(const std::string& path) {
  guard lock{*mutex_};
  return make_folder_unlocked(plain(path));
}

// Folders are durable at once, as the POSIX twin syncs the parent of each.
caf::error memory_filesystem::make_folder_unlocked(const std::string& path) {
  if (folders_.contains(path))
    return caf::none;
  if (auto err = make_folder_unlocked(parent_of(path)))
    return err;
  if (find(path))
    return write_failure(path, "create this folder", ENOTDIR);
  folders_[path];
  return caf::none;
}

caf::error memory_filesystem::remove_folder(const std::string& path) {
  guard lock{*mutex_};
  auto entry = folders_.find(plain(path));
  if (entry == folders_.end())
    return write_failure(path, "remove this folder", ENOENT);
  auto has_folder = [&](const auto& other) {
    return other.first != entry->first
           && parent_of(other.first) == entry->first;
  };
  if (!entry->second.files.empty()
      || std::any_of(folders_.begin(), folders_.end(), has_folder))
    return write_failure(path, "remove this folder", ENOTEMPTY);
  folders_.erase(entry);
  return caf::none;
}

caf::error memory_filesystem::sync_folder(const std::string& path) {
  guard lock{*mutex_};
  auto entry = folders_.find(plain(path));
  if (entry == folders_.end())
    return write_failure(path, "open this folder", ENOENT);
  entry->second.durable_files = entry->second.files;
  return caf::none;
}

result<std::vector<std::string>>
memory_filesystem::list(const std::string& path) {
  guard lock{*mutex_};
  auto entry = folders_.find(plain(path));
  if (entry == folders_.end())
    return read_failure(path, "list this folder", ENOENT);
  std::vector<std::string> found;
  for (auto& [name, content] : entry->second.files)
    found.push_back(name);
  for (auto& [other, content] : folders_)
    if (other != entry->first && parent_of(other) == entry->first)
      found.push_back(name_of(other));
  std::sort(found.begin(), found.end());
  return found;
}

bool memory_filesystem::exists(const std::string& path) {
  guard lock{*mutex_};
  return folders_.contains(plain(path)) || find(path) != nullptr;
}

caf::error memory_filesystem::touch(const std::string& path) {
  guard lock{*mutex_};
  auto content = find(path);
  if (!content)
    return write_failure(path, "touch", ENOENT);
  content->modified = ++now_;
  return caf::none;
}

result<uint64_t> memory_filesystem::modified(const std::string& path) {
  guard lock{*mutex_};
  auto content = find(path);
  if (!content)
    return read_failure(path, "open", ENOENT);
  return content->modified;
}

void memory_filesystem::power_loss() {
  guard lock{*mutex_};
  for (auto& [path, where] : folders_) {
    where.files = where.durable_files;
    for (auto& [name, content] : where.files)
      if (!content->durable)
        content->bytes.clear();
  }
}

std::shared_ptr<filesystem> make_memory_filesystem() {
  return std::make_shared<memory_filesystem>();
}

} // namespace nnactor
