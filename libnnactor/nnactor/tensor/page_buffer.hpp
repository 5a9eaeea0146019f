#pragma once

#include "nnactor/tensor/bytes.hpp"

#include <cstring>

#include <sys/mman.h>

namespace nnactor {

/// Pages that come from the system and go back to it.
class own_pages final : public memory {
public:
  bool on_host() const noexcept override {
    return true;
  }

  void release(std::byte* data, size_t size) noexcept override {
    munmap(data, size);
  }

  void read(const std::byte* from, std::byte* to, size_t size) override {
    std::memcpy(to, from, size);
  }
};

/// Bytes for what is large and rare, such as a copy of all parameters. The heap
/// would keep their pages for the thread that took them, in holes that the next
/// copy may not fit.
inline byte_buffer page_buffer(size_t size) {
  constexpr size_t worth_it = 1 << 20;
  if (size < worth_it)
    return byte_buffer{size};
  static const auto system = std::make_shared<own_pages>();
  auto* data = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED)
    throw std::bad_alloc{};
  return {system, static_cast<std::byte*>(data), size};
}

} // namespace nnactor
