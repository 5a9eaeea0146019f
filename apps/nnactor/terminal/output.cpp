#include "terminal/output.hpp"

#include "terminal/console.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace nnactor {

namespace {

// Why the first write failed, 0 as long as none has.
int failure = 0;

void check(bool good) {
  if (!good && failure == 0)
    failure = errno != 0 ? errno : EIO;
}

} // namespace

void begin_output() {
  std::signal(SIGPIPE, SIG_IGN);
  for (auto descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) < 0)
      // The lowest free number is this one.
      ::open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY);
}

void write_output(std::string_view text) {
  check(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void flush_output() {
  check(std::fflush(stdout) == 0);
}

void flush_or_end() {
  static bool asked = false;
  flush_output();
  if (failure != EPIPE || asked)
    return;
  asked = true;
  ::kill(::getpid(), SIGTERM);
}

size_t output_columns() {
  static const auto screen = console::of(stdout);
  return screen.terminal ? screen.columns() : SIZE_MAX;
}

bool output_failed() {
  return failure != 0;
}

void warn(const std::string& what) {
  std::fflush(stdout);
  // Unlike fmt::print, this does not throw where nobody reads.
  std::fputs(fmt::format("nnactor: {}\n", printable_line(what)).c_str(),
             stderr);
}

int end_output(int status) {
  flush_output();
  // Others, such as the library for the command line, write there too.
  check(std::ferror(stdout) == 0);
  check(std::fclose(stdout) == 0);
  if (failure == 0)
    return status;
  if (failure == EPIPE)
    return status == 0 ? 128 + SIGPIPE : status;
  warn(fmt::format("cannot write standard output: {}", std::strerror(failure)));
  return status == 0 ? 1 : status;
}

} // namespace nnactor
