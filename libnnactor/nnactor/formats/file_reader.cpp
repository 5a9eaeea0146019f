#include "nnactor/formats/file_reader.hpp"

#include <algorithm>
#include <bit>

namespace nnactor {

static_assert(std::endian::native == std::endian::little,
              "numbers are read as they lie in files");

namespace {

constexpr uint64_t window_size = uint64_t{1} << 20;

} // namespace

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return c > ' ' && c < 127;
  });
}

file_reader::file_reader(filesystem& fs, std::string path, uint64_t limit)
    : fs_(fs), path_(std::move(path)), limit_(limit) {
}

caf::error file_reader::read(std::span<std::byte> into) {
  if (into.size() > left())
    return fail(ec::invalid_data, "{}: {} is cut off at byte {}", path_, part_,
                limit_);
  while (!into.empty()) {
    if (used_ == window_.size())
      if (auto err = fill())
        return err;
    auto count = std::min(into.size(), window_.size() - used_);
    std::memcpy(into.data(), window_.data() + used_, count);
    used_ += count;
    position_ += count;
    into = into.subspan(count);
  }
  return caf::none;
}

caf::error file_reader::fill() {
  window_.resize(std::min(left(), window_size));
  used_ = 0;
  return fs_.read(path_, position_, window_);
}

} // namespace nnactor
