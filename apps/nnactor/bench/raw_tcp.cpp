#include "bench/raw_tcp.hpp"

#include "bench/stopwatch.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <vector>

namespace nnactor {

namespace {

constexpr size_t message = 64;
constexpr size_t chunk = 1 << 20;
constexpr int echoes = 20000;

bool read_all(int fd, char* into, size_t size) {
  for (size_t done = 0; done < size;) {
    auto n = read(fd, into + done, size - done);
    if (n <= 0)
      return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

bool write_all(int fd, const char* from, size_t size) {
  for (size_t done = 0; done < size;) {
    auto n = write(fd, from + done, size - done);
    if (n <= 0)
      return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

void no_delay(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/// Echoes small messages, then swallows the bulk and answers with one.
[[noreturn]] void serve(int listener, uint64_t bulk_bytes) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto fd = accept(listener, nullptr, nullptr);
  no_delay(fd);
  std::vector<char> buffer(chunk);
  for (int i = 0; i < echoes; ++i)
    if (!read_all(fd, buffer.data(), message)
        || !write_all(fd, buffer.data(), message))
      _exit(1);
  for (uint64_t left = bulk_bytes; left > 0;) {
    auto n = read(fd, buffer.data(), std::min<uint64_t>(chunk, left));
    if (n <= 0)
      _exit(1);
    left -= static_cast<uint64_t>(n);
  }
  static_cast<void>(write_all(fd, buffer.data(), message));
  _exit(0);
}

bool measure(int fd, uint64_t bulk_bytes, raw_tcp_figures& out) {
  std::vector<char> buffer(chunk);
  auto start = stopwatch::now();
  for (int i = 0; i < echoes; ++i)
    if (!write_all(fd, buffer.data(), message)
        || !read_all(fd, buffer.data(), message))
      return false;
  out.round_trip_us = seconds_since(start) * 1e6 / echoes;
  start = stopwatch::now();
  for (uint64_t left = bulk_bytes; left > 0;) {
    auto size = std::min<uint64_t>(chunk, left);
    if (!write_all(fd, buffer.data(), size))
      return false;
    left -= size;
  }
  if (!read_all(fd, buffer.data(), message))
    return false;
  out.gb_per_s = static_cast<double>(bulk_bytes) / 1e9 / seconds_since(start);
  return true;
}

} // namespace

result<raw_tcp_figures> measure_raw_tcp(uint64_t bulk_bytes) {
  auto refuse = [] {
    return fail(ec::internal, "cannot measure TCP over loopback");
  };
  auto listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* where = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  if (bind(listener, where, size) != 0 || listen(listener, 1) != 0
      || getsockname(listener, where, &size) != 0)
    return refuse();
  auto child = fork();
  if (child == 0)
    serve(listener, bulk_bytes);
  auto fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  no_delay(fd);
  raw_tcp_figures out;
  auto good = child > 0 && connect(fd, where, size) == 0
              && measure(fd, bulk_bytes, out);
  close(fd);
  close(listener);
  if (child > 0) {
    if (!good)
      kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  if (!good)
    return refuse();
  return out;
}

} // namespace nnactor
