#include "nnactor/store/posix_writer.hpp"

#include "nnactor/store/posix_error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace nnactor {

descriptor::descriptor(descriptor&& other) noexcept
    : number_(std::exchange(other.number_, -1)) {
}

descriptor::~descriptor() {
  if (number_ >= 0)
    ::close(number_);
}

descriptor descriptor::open(const std::string& path, int flags) {
  for (;;) {
    auto number = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (number >= 0 || errno != EINTR)
      return descriptor{number};
  }
}

int descriptor::close() {
  // Linux has released the number whatever close returns, EINTR included:
  // closing again could hit a file of another thread.
  auto number = std::exchange(number_, -1);
  return ::close(number) == 0 ? 0 : errno;
}

int sync(const descriptor& what) {
  for (;;) {
    if (::fsync(what.number()) == 0)
      return 0;
    if (errno != EINTR)
      return errno;
  }
}

posix_writer::posix_writer(std::string path, descriptor file)
    : path_(std::move(path)), file_(std::move(file)) {
}

caf::error posix_writer::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    auto written = ::write(file_.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return write_failure(path_, "write", errno);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return caf::none;
}

caf::error posix_writer::finish() {
  // A full disk often shows only here, on NFS sometimes only at close.
  if (auto number = sync(file_); number != 0)
    return write_failure(path_, "sync", number);
  if (auto number = file_.close(); number != 0)
    return write_failure(path_, "close", number);
  return caf::none;
}

} // namespace nnactor
