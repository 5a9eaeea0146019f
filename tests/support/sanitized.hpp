#pragma once

#include <cstdint>

namespace nnactor::test {

/// Whether AddressSanitizer watches. GCC and clang tell in ways of their own.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

/// Tests that go through everything there is go through every so many of it
/// where a sanitizer watches: it takes ten times as long and looks for other
/// faults, and the plain build goes through all.
constexpr uint64_t stride = sanitized ? 17 : 1;

} // namespace nnactor::test
