#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace nnactor {

/// Where bytes lie that are not from the heap.
class memory {
public:
  virtual ~memory() = default;

  /// Whether the host's own code can read and write it.
  virtual bool on_host() const noexcept = 0;

  /// Takes back what it gave; from any thread.
  virtual void release(std::byte* data, size_t size) noexcept = 0;

  /// Copies to the host what was written so far; from any thread. Throws
  /// `std::runtime_error` where a device fails.
  virtual void read(const std::byte* from, std::byte* to, size_t size) = 0;
};

// The C library (until glibc 2.38) gives aligned memory away from a larger
// piece, and what comes back is too small to be given away so again: a heap
// grows to twice what is in it. So the piece is ours, and the byte before the
// first that is used says how far from its start that is.
namespace aligned {

constexpr size_t boundary = 64; ///< A cache line.

/// Returns null where there is no memory left.
inline std::byte* allocate(size_t size) noexcept {
  auto* piece = static_cast<std::byte*>(std::malloc(size + boundary));
  if (piece == nullptr)
    return nullptr;
  auto skipped = boundary - reinterpret_cast<uintptr_t>(piece) % boundary;
  piece[skipped - 1] = static_cast<std::byte>(skipped);
  return piece + skipped;
}

inline void free(std::byte* first) noexcept {
  std::free(first - std::to_integer<size_t>(first[-1]));
}

} // namespace aligned

/// Gives bytes back to where they are from.
struct free_bytes {
  std::shared_ptr<memory> from; ///< Null: the heap.
  size_t size = 0;

  void operator()(std::byte* ptr) const noexcept {
    if (from)
      from->release(ptr, size);
    else
      aligned::free(ptr);
  }
};

/// Bytes on a cache-line boundary, owned by one writer until `share`d.
class byte_buffer {
public:
  byte_buffer() = default;

  /// Takes over what some memory gave.
  byte_buffer(std::shared_ptr<memory> from, std::byte* data, size_t size)
      : data_(data, {std::move(from), size}), size_(size) {
  }

  /// Allocates `size` bytes that are not initialised.
  explicit byte_buffer(size_t size) : size_(size) {
    if (size == 0)
      return;
    data_.reset(aligned::allocate(size));
    if (!data_)
      throw std::bad_alloc{};
  }

  std::byte* data() noexcept {
    return data_.get();
  }

  const std::byte* data() const noexcept {
    return data_.get();
  }

  size_t size() const noexcept {
    return size_;
  }

  /// The memory of a device, null where the host can read and write it.
  memory* away() const noexcept {
    auto* from = data_.get_deleter().from.get();
    return from == nullptr || from->on_host() ? nullptr : from;
  }

private:
  friend class shared_bytes;

  std::unique_ptr<std::byte, free_bytes> data_;
  size_t size_ = 0;
};

/// Immutable bytes that any number of actors read without a copy.
class shared_bytes {
public:
  shared_bytes() = default;

  explicit shared_bytes(byte_buffer&& buffer)
      : away_(buffer.away()), data_(std::move(buffer.data_)),
        size_(buffer.size_) {
    buffer.size_ = 0;
  }

  const std::byte* data() const noexcept {
    return data_.get();
  }

  size_t size() const noexcept {
    return size_;
  }

  /// See `byte_buffer`.
  memory* away() const noexcept {
    return away_;
  }

  /// Returns a view that keeps all of the bytes alive.
  /// @pre `offset + size <= this->size()`
  shared_bytes part(size_t offset, size_t size) const {
    shared_bytes result;
    result.away_ = away_;
    result.data_ = {data_, data_.get() + offset};
    result.size_ = size;
    return result;
  }

private:
  memory* away_ = nullptr; ///< Lives as long as the bytes.
  std::shared_ptr<const std::byte> data_;
  size_t size_ = 0;
};

} // namespace nnactor
