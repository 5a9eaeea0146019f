#include "nnactor/data/idx.hpp"

#include "nnactor/lfs_pointer.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <span>
#include <system_error>

namespace nnactor {

namespace {

/// More than this is not held in memory.
constexpr uint64_t max_values = uint64_t{1} << 32;

/// Memory grows with what is really there, not with what a header claims.
constexpr size_t chunk_size = size_t{1} << 20;

struct close_gz {
  void operator()(gzFile_s* file) const noexcept {
    gzclose(file);
  }
};

/// A file read through zlib, which passes on plain files as they are.
class input {
public:
  static result<input> open(const std::string& path) {
    errno = 0;
    input in{path, gzopen(path.c_str(), "rb")};
    if (!in.file_)
      return fail(ec::invalid_data, "{}: cannot be read: {}", path,
                  std::generic_category().message(errno));
    return in;
  }

  /// Reads until `into` is full or the file ends; returns the bytes read.
  result<size_t> read(std::span<uint8_t> into) {
    auto count =
        gzread(file_.get(), into.data(), static_cast<unsigned>(into.size()));
    auto code = Z_OK;
    const auto* what = gzerror(file_.get(), &code);
    if (code == Z_BUF_ERROR)
      return fail(ec::invalid_data, "{}: is truncated", path_);
    if (code == Z_ERRNO)
      return fail(ec::invalid_data, "{}: cannot be read: {}", path_,
                  std::generic_category().message(errno));
    if (count < 0 || code < 0)
      return fail(ec::invalid_data, "{}: is damaged: {}", path_, what);
    return static_cast<size_t>(count);
  }

  const std::string& path() const {
    return path_;
  }

private:
  input(std::string path, gzFile file) : path_(std::move(path)), file_(file) {
  }

  std::string path_;
  std::unique_ptr<gzFile_s, close_gz> file_;
};

caf::error read_all(input& in, std::span<uint8_t> into) {
  auto count = in.read(into);
  if (!count)
    return count.error();
  if (*count != into.size())
    return fail(ec::invalid_data, "{}: is truncated", in.path());
  return caf::none;
}

/// Says why a file is none that can be read, from its first bytes.
caf::error no_idx(const std::string& path, std::span<const uint8_t> start) {
  if (is_lfs_pointer(
          {reinterpret_cast<const char*>(start.data()), start.size()}))
    return lfs_pointer(path, ec::invalid_data);
  std::string bytes;
  for (auto x : start.first(std::min<size_t>(start.size(), 4)))
    bytes += fmt::format("{:02x}", x);
  return fail(ec::invalid_data,
              "{}: is not an IDX file of unsigned bytes: it begins with 0x{}, "
              "images begin with 0x00000803 and labels with 0x00000801",
              path, bytes);
}

result<std::vector<uint32_t>> read_dimensions(input& in) {
  uint8_t magic[4];
  auto count = in.read(magic);
  if (!count)
    return count.error();
  if (*count == 0)
    return fail(ec::invalid_data, "{}: is empty", in.path());
  if (*count != 4 || magic[0] != 0 || magic[1] != 0 || magic[2] != 8
      || magic[3] == 0) {
    std::array<uint8_t, 64> start{};
    std::copy_n(magic, *count, start.begin());
    auto more = in.read(std::span{start}.subspan(*count));
    return no_idx(in.path(),
                  std::span{start}.first(*count + (more ? *more : 0)));
  }
  std::vector<uint32_t> dimensions;
  for (auto left = magic[3]; left > 0; --left) {
    uint8_t raw[4];
    if (auto err = read_all(in, raw))
      return err;
    dimensions.push_back(uint32_t{raw[0]} << 24 | uint32_t{raw[1]} << 16
                         | uint32_t{raw[2]} << 8 | uint32_t{raw[3]});
  }
  return dimensions;
}

result<uint64_t> count_values(const std::vector<uint32_t>& dimensions,
                              const std::string& path) {
  uint64_t count = 1;
  for (auto size : dimensions) {
    // Both factors are at most 2^32, so that the product cannot wrap.
    count *= size;
    if (count == 0)
      return fail(ec::invalid_data, "{}: holds nothing, a dimension is 0",
                  path);
    if (count > max_values)
      return fail(ec::invalid_data,
                  "{}: says that it has {} dimensions of {} bytes, more than "
                  "the 4 GiB that are read; images begin with 0x00000803 and "
                  "labels with 0x00000801, this file with 0x{:08x}",
                  path, dimensions.size(), fmt::join(dimensions, " x "),
                  0x800 + dimensions.size());
  }
  return count;
}

caf::error read_values(input& in, uint64_t count, std::vector<uint8_t>& into) {
  while (into.size() < count) {
    auto at = into.size();
    auto more = std::min<uint64_t>(chunk_size, count - at);
    into.resize(at + more);
    auto read = in.read(std::span{into}.subspan(at));
    if (!read)
      return read.error();
    if (*read != more)
      return fail(ec::invalid_data,
                  "{}: is truncated: {} of the {} values are there", in.path(),
                  at + *read, count);
  }
  uint8_t extra[1];
  auto trailing = in.read(extra);
  if (!trailing)
    return trailing.error();
  if (*trailing != 0)
    return fail(ec::invalid_data,
                "{}: goes on after the {} values that its header tells of",
                in.path(), count);
  return caf::none;
}

} // namespace

result<idx_array> read_idx(const std::string& path) {
  auto in = input::open(path);
  if (!in)
    return in.error();
  auto dimensions = read_dimensions(*in);
  if (!dimensions)
    return dimensions.error();
  auto count = count_values(*dimensions, path);
  if (!count)
    return count.error();
  idx_array out;
  out.dimensions = std::move(*dimensions);
  if (auto err = read_values(*in, *count, out.values))
    return err;
  return out;
}

} // namespace nnactor
