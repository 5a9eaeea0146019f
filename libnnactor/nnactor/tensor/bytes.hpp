#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace nnactor {

/// Bytes on a cache-line boundary, owned by one writer until `share`d.
class byte_buffer {
public:
  static constexpr size_t alignment = 64;

  byte_buffer() = default;

  /// Allocates `size` bytes that are not initialised.
  explicit byte_buffer(size_t size) : size_(size) {
    if (size == 0)
      return;
    auto rounded = (size + alignment - 1) / alignment * alignment;
    auto* raw = std::aligned_alloc(alignment, rounded);
    if (raw == nullptr)
      throw std::bad_alloc{};
    data_.reset(static_cast<std::byte*>(raw));
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

private:
  friend class shared_bytes;

  struct free_bytes {
    void operator()(std::byte* ptr) const noexcept {
      std::free(ptr);
    }
  };

  std::unique_ptr<std::byte, free_bytes> data_;
  size_t size_ = 0;
};

/// Immutable bytes that any number of actors read without a copy.
class shared_bytes {
public:
  shared_bytes() = default;

  explicit shared_bytes(byte_buffer&& buffer)
      : data_(std::move(buffer.data_)), size_(buffer.size_) {
    buffer.size_ = 0;
  }

  const std::byte* data() const noexcept {
    return data_.get();
  }

  size_t size() const noexcept {
    return size_;
  }

  /// Returns a view that keeps all of the bytes alive.
  /// @pre `offset + size <= this->size()`
  shared_bytes part(size_t offset, size_t size) const {
    shared_bytes result;
    result.data_ = {data_, data_.get() + offset};
    result.size_ = size;
    return result;
  }

private:
  std::shared_ptr<const std::byte> data_;
  size_t size_ = 0;
};

} // namespace nnactor
