#include "nnactor/machine/trace.hpp"

#include <boost/filesystem.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <tuple>

namespace nnactor::trace {

namespace {

constexpr auto* variable = "NNACTOR_TRACE";

// Of a thread; a file has as many, most of which are holes. What comes after
// them is not recorded.
constexpr size_t most_records = size_t{1} << 20;

static_assert(sizeof(record) == 64);

/// Empty: nobody traces.
std::string& folder() {
  static std::string out = [] {
    const auto* text = std::getenv(variable);
    return std::string{text != nullptr ? text : ""};
  }();
  return out;
}

uint64_t now_ns() {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::nanoseconds{since}.count());
}

/// The file of a thread, as memory: what is written there outlives the process.
class thread_file {
public:
  thread_file() {
    auto path = fmt::format("{}/{}-{}.trace", folder(), getpid(), gettid());
    auto fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
      return;
    constexpr auto bytes = most_records * sizeof(record);
    if (ftruncate(fd, bytes) == 0)
      if (auto* at =
              mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
          at != MAP_FAILED)
        records_ = static_cast<record*>(at);
    close(fd);
  }

  ~thread_file() {
    if (records_ != nullptr)
      munmap(records_, most_records * sizeof(record));
  }

  void add(const record& what) {
    if (records_ != nullptr && size_ < most_records)
      records_[size_++] = what;
  }

private:
  record* records_ = nullptr;
  size_t size_ = 0;
};

std::vector<record> records_in(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::vector<record> out;
  record next;
  // Where it ends there are zeros.
  while (in.read(reinterpret_cast<char*>(&next), sizeof(next))
         && next.end_ns != 0)
    out.push_back(next);
  return out;
}

} // namespace

void begin(const std::string& where) {
  setenv(variable, where.c_str(), 1);
  folder() = where;
}

result<std::vector<thread_records>> read(const std::string& where) {
  namespace fs = boost::filesystem;
  boost::system::error_code failure;
  std::vector<thread_records> out;
  for (fs::directory_iterator i{where, failure}, end; i != end;
       i.increment(failure)) {
    thread_records one;
    if (std::sscanf(i->path().filename().c_str(), "%lu-%lu.trace", &one.process,
                    &one.thread)
        != 2)
      continue;
    one.records = records_in(i->path().string());
    out.push_back(std::move(one));
  }
  if (failure)
    return fail(ec::invalid_data, "{}: {}", where, failure.message());
  std::ranges::sort(out, {}, [](const thread_records& x) {
    return std::pair{x.process, x.thread};
  });
  return out;
}

span::span(activity what, const char* name, uint64_t of)
    : name_(folder().empty() ? nullptr : name), of_(of), what_(what) {
  if (name_ != nullptr)
    begin_ = now_ns();
}

span::~span() {
  if (name_ == nullptr)
    return;
  thread_local thread_file file;
  record out{begin_, now_ns(), of_, what_, {}};
  std::strncpy(out.name, name_, sizeof(out.name) - 1);
  file.add(out);
}

} // namespace nnactor::trace
