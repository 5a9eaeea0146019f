#include "nnactor/device/cpu/huge_buffer.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace nnactor {

namespace {

constexpr size_t huge_page = 2 << 20;

size_t whole_pages(size_t bytes) {
  return (bytes + huge_page - 1) / huge_page * huge_page;
}

} // namespace

huge_buffer::huge_buffer(size_t bytes) : size_(bytes) {
  auto pages = whole_pages(bytes > 0 ? bytes : 1);
  auto* memory = std::aligned_alloc(huge_page, pages);
  if (memory == nullptr)
    throw std::bad_alloc{};
  memory_.reset(static_cast<std::byte*>(memory));
  // Before the first touch; where it is refused, small pages have to do.
  static_cast<void>(madvise(memory, pages, MADV_HUGEPAGE));
  std::memset(memory, 0, pages);
}

void huge_buffer::release::operator()(std::byte* memory) const {
  std::free(memory);
}

} // namespace nnactor
