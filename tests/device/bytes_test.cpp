#include "nnactor/tensor/page_buffer.hpp"
#include "nnactor/tensor/tensor.hpp"

#include "support/sanitized.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace nnactor;

namespace {

bool is_aligned(const byte_buffer& x) {
  return reinterpret_cast<uintptr_t>(x.data()) % aligned::boundary == 0;
}

/// Writes every byte and reads it back.
bool holds(byte_buffer& x) {
  std::fill_n(x.data(), x.size(), std::byte{7});
  return std::all_of(x.data(), x.data() + x.size(),
                     [](std::byte b) { return b == std::byte{7}; });
}

} // namespace

TEST_CASE("bytes of any number lie on a cache line") {
  for (size_t size = 1; size < 3000; size += 7) {
    byte_buffer x{size};
    CHECK(is_aligned(x));
    CHECK(holds(x));
  }
}

TEST_CASE("memory that was given back fits as much again") {
  if (test::sanitized)
    return; // Its heap gives nothing away again for a while.
  std::vector<const std::byte*> places;
  for (int i = 0; i < 8; ++i) {
    byte_buffer x{300'000};
    // Something small that comes while it is there and stays.
    static std::vector<std::unique_ptr<std::byte[]>> small;
    small.push_back(std::make_unique<std::byte[]>(40));
    places.push_back(x.data());
  }
  std::ranges::sort(places);
  places.erase(std::unique(places.begin(), places.end()), places.end());
  CHECK(places.size() <= 2);
}

TEST_CASE("large copies have pages of their own, shared as any bytes are") {
  for (size_t size : {100, 1 << 20, 3'000'001}) {
    auto x = page_buffer(size);
    CHECK(is_aligned(x));
    CHECK(x.size() == size);
    CHECK(x.away() == nullptr);
    CHECK(holds(x));
    shared_bytes all{std::move(x)};
    auto part = all.part(size / 2, size - size / 2);
    all = {};
    CHECK(part.data()[0] == std::byte{7});
  }
}
