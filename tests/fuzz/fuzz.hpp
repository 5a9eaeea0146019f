#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

/// What libFuzzer calls with every input that it makes up.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace nnactor::test {

inline std::span<const std::byte> bytes_of(const uint8_t* data, size_t size) {
  return std::as_bytes(std::span{data, size});
}

/// What must hold of every input; libFuzzer keeps one of which it does not.
inline void must_hold(bool what) {
  if (!what)
    std::abort();
}

/// What is read is written and read the same again.
template <class Decode, class Value>
void must_come_back(Decode decode, const Value& read) {
  auto written = encode(read);
  auto again = decode(written);
  must_hold(again && encode(*again) == written);
}

} // namespace nnactor::test
