#pragma once

#include <cstdint>

namespace nnactor::test {

/// Tests that go through everything there is go through every so many of it
/// where a sanitizer watches: it takes ten times as long and looks for other
/// faults, and the plain build goes through all.
#if defined(__SANITIZE_ADDRESS__)
constexpr uint64_t stride = 17;
#else
constexpr uint64_t stride = 1;
#endif

} // namespace nnactor::test
