#include "nnactor/store/checksum.hpp"

#include <isa-l/crc.h>
#include <openssl/evp.h>

#include <algorithm>
#include <new>

namespace nnactor {

uint32_t crc32c(std::span<const std::byte> bytes) {
  // isa-l works on the bare register: it inverts neither before nor after. It
  // takes its length as int and its input as non-const, but only reads it.
  constexpr size_t most = size_t{1} << 30;
  auto state = ~uint32_t{0};
  while (!bytes.empty()) {
    auto now = bytes.first(std::min(most, bytes.size()));
    auto* data = reinterpret_cast<const unsigned char*>(now.data());
    state = crc32_iscsi(const_cast<unsigned char*>(data),
                        static_cast<int>(now.size()), state);
    bytes = bytes.subspan(now.size());
  }
  return ~state;
}

std::vector<uint32_t> checksums_of(std::span<const std::byte> bytes) {
  std::vector<uint32_t> sums;
  sums.reserve(piece_count(bytes.size()));
  while (!bytes.empty()) {
    auto piece = bytes.first(std::min<size_t>(piece_size, bytes.size()));
    sums.push_back(crc32c(piece));
    bytes = bytes.subspan(piece.size());
  }
  return sums;
}

void hasher::free_context::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

// SHA-256 is always there and has no state that could be wrong, so what fails
// here is memory.
hasher::hasher() : context_(EVP_MD_CTX_new()) {
  if (!context_
      || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc{};
}

void hasher::add(std::span<const std::byte> bytes) {
  if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
    throw std::bad_alloc{};
}

digest hasher::finish() {
  digest sum{};
  auto* out = reinterpret_cast<unsigned char*>(sum.data());
  if (EVP_DigestFinal_ex(context_.get(), out, nullptr) != 1)
    throw std::bad_alloc{};
  return sum;
}

digest digest_of(std::span<const std::byte> bytes) {
  hasher all;
  all.add(bytes);
  return all.finish();
}

std::string to_string(const digest& what, size_t characters) {
  constexpr auto digits = "0123456789abcdef";
  std::string text;
  for (auto byte : what) {
    text += digits[std::to_integer<unsigned>(byte) >> 4];
    text += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return text.substr(0, characters);
}

} // namespace nnactor
