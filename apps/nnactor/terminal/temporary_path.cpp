#include "terminal/temporary_path.hpp"

#include <boost/filesystem.hpp>

#include <mutex>
#include <set>
#include <utility>

namespace nnactor {

namespace {

struct known_paths {
  std::mutex mutex;
  std::multiset<std::string> all;
};

known_paths& known() {
  // Never destroyed: a signal may come while the program ends.
  static auto* paths = new known_paths;
  return *paths;
}

} // namespace

temporary_path::temporary_path(std::string path) : path_(std::move(path)) {
  std::lock_guard lock{known().mutex};
  known().all.insert(path_);
}

temporary_path::temporary_path(temporary_path&& other) noexcept
    : path_(std::exchange(other.path_, {})) {
}

temporary_path& temporary_path::operator=(temporary_path&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

temporary_path::~temporary_path() {
  if (path_.empty())
    return;
  boost::system::error_code ignored;
  boost::filesystem::remove_all(path_, ignored);
  std::lock_guard lock{known().mutex};
  known().all.erase(known().all.find(path_));
}

void remove_temporary_paths() {
  std::lock_guard lock{known().mutex};
  boost::system::error_code failed;
  for (auto& path : known().all)
    // Somebody may still be writing.
    for (int i = 0; i < 3; ++i) {
      boost::filesystem::remove_all(path, failed);
      if (!failed)
        break;
    }
}

} // namespace nnactor
