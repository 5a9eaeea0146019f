#include "nnactor/codec/framed.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <new>

namespace nnactor {

static_assert(std::endian::native == std::endian::little,
              "integers are copied to and from files as they are");

namespace {

/// The bytes before the payload.
struct header {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t zero;
  uint64_t length;
};

static_assert(sizeof(header) == 24, "the layout of files has no padding");

constexpr size_t digest_size = 32;

using sha256 = std::array<std::byte, digest_size>;

sha256 sha256_of(std::span<const std::byte> bytes) {
  sha256 sum;
  auto* out = reinterpret_cast<unsigned char*>(sum.data());
  // Fails only if the library has no SHA-256 at all or no memory.
  if (EVP_Digest(bytes.data(), bytes.size(), out, nullptr, EVP_sha256(),
                 nullptr)
      != 1)
    throw std::bad_alloc{};
  return sum;
}

} // namespace

std::vector<std::byte> frame(std::string_view magic8, uint32_t version,
                             std::span<const std::byte> payload) {
  header top{{}, version, 0, payload.size()};
  std::memcpy(top.magic.data(), magic8.data(), top.magic.size());
  auto end = sizeof(header) + payload.size();
  std::vector<std::byte> out(end + digest_size);
  std::memcpy(out.data(), &top, sizeof(header));
  std::ranges::copy(payload, out.begin() + sizeof(header));
  std::ranges::copy(sha256_of(std::span{out}.first(end)), out.begin() + end);
  return out;
}

result<std::vector<std::byte>> unframe(std::string_view magic8,
                                       uint32_t version,
                                       std::span<const std::byte> file,
                                       ec code) {
  header top;
  if (file.size() < top.magic.size()
      || std::memcmp(file.data(), magic8.data(), top.magic.size()) != 0)
    return fail(code, "not a file of the kind {}", magic8);
  if (file.size() < sizeof(header) + digest_size)
    return fail(code, "the file ends after {} bytes, within its header",
                file.size());
  std::memcpy(&top, file.data(), sizeof(header));
  if (top.version != version)
    return fail(code,
                "version {} of {} is not one that this program reads "
                "(version {})",
                top.version, magic8, version);
  auto room = file.size() - sizeof(header) - digest_size;
  if (top.length != room)
    return fail(code, "the file holds {} bytes of content, its header says {}",
                room, top.length);
  auto covered = file.first(sizeof(header) + room);
  if (!std::ranges::equal(sha256_of(covered), file.last(digest_size)))
    return fail(code, "the SHA-256 digest does not match: the file is damaged");
  auto payload = covered.subspan(sizeof(header));
  return std::vector<std::byte>(payload.begin(), payload.end());
}

} // namespace nnactor
