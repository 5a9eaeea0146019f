#include "nnactor/codec/message.hpp"

#include <capnp/serialize.h>
#include <kj/array.h>
#include <kj/exception.h>

#include <cstring>
#include <new>

namespace nnactor {

namespace {

/// Bytes that may be read beyond eight times the input. Elements of no size
/// count as a word each, so that this is what a list of them, a few bytes that
/// claim to be millions, can make of us at most.
constexpr uint64_t base_limit = uint64_t{64} << 10;

/// Our structs nest less than ten deep.
constexpr int nesting_limit = 32;

/// Copies bytes to where words may be read.
kj::Array<capnp::word> aligned(std::span<const std::byte> bytes) {
  auto words = kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word));
  if (!bytes.empty())
    std::memcpy(words.begin(), bytes.data(), bytes.size());
  return words;
}

} // namespace

std::vector<std::byte> to_bytes(capnp::MessageBuilder& message) {
  auto words = capnp::messageToFlatArray(message);
  auto bytes = words.asBytes();
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.begin());
  return {begin, begin + bytes.size()};
}

caf::error
with_message(std::span<const std::byte> bytes, ec code,
             const std::function<caf::error(capnp::MessageReader&)>& use) {
  if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0)
    return fail(code, "a message of {} bytes is not whole", bytes.size());
  try {
    auto words = aligned(bytes);
    capnp::ReaderOptions options;
    options.traversalLimitInWords =
        base_limit / sizeof(capnp::word) + 8 * uint64_t{words.size()};
    options.nestingLimit = nesting_limit;
    capnp::FlatArrayMessageReader message{words, options};
    return use(message);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const kj::Exception& what) {
    return fail(code, "malformed message: {}", what.getDescription().cStr());
  } catch (const std::exception& what) {
    return fail(code, "malformed message: {}", what.what());
  }
}

} // namespace nnactor
