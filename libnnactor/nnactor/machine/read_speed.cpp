#include "nnactor/machine/read_speed.hpp"

#include "nnactor/device/cpu/huge_buffer.hpp"

#include <immintrin.h>

#include <algorithm>
#include <iterator>
#include <numeric>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;

constexpr size_t step = 512;

// Eight chains, so that no load waits for the sum before it.
__attribute__((target("avx512f"))) uint64_t
read_avx512(std::span<const std::byte> bytes) {
  __m512i sums[8] = {};
  for (size_t at = 0; at < bytes.size(); at += step)
    for (size_t i = 0; i < 8; ++i)
      sums[i] = _mm512_xor_si512(sums[i],
                                 _mm512_load_si512(bytes.data() + at + 64 * i));
  for (size_t i = 1; i < 8; ++i)
    sums[0] = _mm512_xor_si512(sums[0], sums[i]);
  alignas(64) uint64_t parts[8];
  _mm512_store_si512(parts, sums[0]);
  return std::accumulate(std::begin(parts), std::end(parts), uint64_t{0});
}

__attribute__((target("avx2"))) uint64_t
read_avx2(std::span<const std::byte> bytes) {
  __m256i sums[8] = {};
  for (size_t at = 0; at < bytes.size(); at += step / 2)
    for (size_t i = 0; i < 8; ++i) {
      auto from = reinterpret_cast<const __m256i*>(bytes.data() + at + 32 * i);
      sums[i] = _mm256_xor_si256(sums[i], _mm256_load_si256(from));
    }
  for (size_t i = 1; i < 8; ++i)
    sums[0] = _mm256_xor_si256(sums[0], sums[i]);
  alignas(32) uint64_t parts[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(parts), sums[0]);
  return std::accumulate(std::begin(parts), std::end(parts), uint64_t{0});
}

uint64_t read_plain(std::span<const std::byte> bytes) {
  auto words = reinterpret_cast<const uint64_t*>(bytes.data());
  uint64_t sums[8] = {};
  for (size_t at = 0; at < bytes.size() / 8; at += 8)
    for (size_t i = 0; i < 8; ++i)
      sums[i] ^= words[at + i];
  return std::accumulate(std::begin(sums), std::end(sums), uint64_t{0});
}

using reader = uint64_t (*)(std::span<const std::byte>);

reader widest() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f"))
    return read_avx512;
  if (__builtin_cpu_supports("avx2"))
    return read_avx2;
  return read_plain;
}

} // namespace

uint64_t read_all(std::span<const std::byte> bytes) {
  static const auto chosen = widest();
  return chosen(bytes);
}

double measure_read(size_t bytes, std::chrono::milliseconds time) {
  bytes = std::max(bytes / step, size_t{1}) * step;
  huge_buffer buffer{bytes};
  // A pass takes at least some microseconds, or the clock would be measured.
  auto passes = std::max<size_t>(1, (size_t{1} << 20) / bytes);
  volatile uint64_t seen = 0;
  auto best = clock::duration::max();
  for (auto end = clock::now() + time; clock::now() < end;) {
    auto begin = clock::now();
    for (size_t i = 0; i < passes; ++i)
      seen = read_all(buffer.bytes());
    best = std::min(best, clock::now() - begin);
  }
  static_cast<void>(seen);
  return static_cast<double>(bytes * passes)
         / std::chrono::duration<double>(best).count();
}

} // namespace nnactor
