#pragma once

#include "nnactor/store/manifest.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

struct evp_md_ctx_st;

namespace nnactor {

/// Bytes that one CRC32C of a slice covers, and the least that a reader reads
/// at once: 1 MiB. Part of the store's format.
constexpr uint64_t piece_size = uint64_t{1} << 20;

/// A slice begins at a multiple of this many bytes. Part of the format.
constexpr uint64_t slice_alignment = 64;

/// Returns the number of pieces of a slice of `length` bytes.
constexpr uint64_t piece_count(uint64_t length) {
  return length / piece_size + (length % piece_size != 0 ? 1 : 0);
}

/// CRC-32C (Castagnoli, RFC 3720 section 12.1), with the usual inversion
/// before and after: "123456789" gives 0xE3069283.
uint32_t crc32c(std::span<const std::byte> bytes);

/// Returns the CRC32C of each piece.
std::vector<uint32_t> checksums_of(std::span<const std::byte> bytes);

/// SHA-256 of bytes that come in pieces.
class hasher {
public:
  hasher();

  void add(std::span<const std::byte> bytes);

  /// Returns the digest; the hasher is spent afterwards.
  digest finish();

private:
  struct free_context {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };

  std::unique_ptr<evp_md_ctx_st, free_context> context_;
};

} // namespace nnactor
