#include "nnactor/config/read_file.hpp"

#include "nnactor/lfs_pointer.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace nnactor {

namespace {

struct close_file {
  void operator()(std::FILE* file) const noexcept {
    std::fclose(file);
  }
};

} // namespace

result<std::string> read_file(const std::string& path, ec code) {
  // Streams of C++ throw when told to read a folder.
  std::unique_ptr<std::FILE, close_file> in{std::fopen(path.c_str(), "rb")};
  std::string text;
  std::array<char, 65536> piece;
  while (in) {
    auto count = std::fread(piece.data(), 1, piece.size(), in.get());
    text.append(piece.data(), count);
    if (count == piece.size())
      continue;
    if (std::ferror(in.get()) != 0)
      break;
    if (is_lfs_pointer(text))
      return lfs_pointer(path, code);
    return text;
  }
  return fail(code, "{}: cannot be read: {}", path,
              std::generic_category().message(errno));
}

} // namespace nnactor
