#include "terminal/console.hpp"

#include "terminal/output.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace nnactor {

namespace {

size_t columns_of(int descriptor) {
  winsize size = {};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}

bool is_set(const char* variable) {
  auto* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool is_terminal(int descriptor) {
  auto* kind = std::getenv("TERM");
  return ::isatty(descriptor) != 0
         && (kind == nullptr || std::string_view{kind} != "dumb");
}

} // namespace

console console::of(std::FILE* stream) {
  auto descriptor = ::fileno(stream);
  console out;
  out.terminal = is_terminal(descriptor);
  out.bold = out.terminal && !is_set("NO_COLOR");
  out.columns = [descriptor] { return columns_of(descriptor); };
  out.write = [stream](std::string_view text) {
    if (stream == stdout) {
      write_output(text);
      return flush_or_end();
    }
    std::fwrite(text.data(), 1, text.size(), stream);
    std::fflush(stream);
  };
  return out;
}

} // namespace nnactor
