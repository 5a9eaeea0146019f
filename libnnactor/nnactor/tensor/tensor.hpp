#pragma once

#include "nnactor/tensor/bytes.hpp"
#include "nnactor/tensor/dtype.hpp"

#include <cstdint>
#include <span>

namespace nnactor {

/// Two-dimensional, row-major. Rows are examples of a micro-batch (or neurons
/// of a parameter), columns the values of each.
struct shape {
  uint64_t rows = 0;
  uint64_t columns = 0;

  uint64_t size() const noexcept {
    return rows * columns;
  }

  friend bool operator==(const shape&, const shape&) = default;
};

/// An immutable matrix; copies share its bytes. Those of a tensor that a device
/// keeps to itself are of use to its kernels only: see `device::fetch`.
class tensor {
public:
  tensor() = default;

  /// @pre `bytes.size() == extent.size() * size_of(type)`
  tensor(dtype type, shape extent, shared_bytes bytes)
      : type_(type), extent_(extent), bytes_(std::move(bytes)) {
  }

  dtype type() const noexcept {
    return type_;
  }

  const shape& extent() const noexcept {
    return extent_;
  }

  /// Whether it has no values, as one made of nothing.
  bool empty() const noexcept {
    return extent_.size() == 0;
  }

  const shared_bytes& bytes() const noexcept {
    return bytes_;
  }

  /// Views the values in row-major order.
  /// @pre `type() == dtype_of<T>::value`
  template <class T>
  std::span<const T> values() const noexcept {
    return {reinterpret_cast<const T*>(bytes_.data()), extent_.size()};
  }

  /// The same values in the memory of the device that computed them, so that it
  /// need not get them back; empty where there is none.
  const shared_bytes& copy() const noexcept {
    return copy_;
  }

  void set_copy(shared_bytes copy) {
    copy_ = std::move(copy);
  }

private:
  dtype type_ = dtype::f32;
  shape extent_;
  shared_bytes bytes_;
  shared_bytes copy_;
};

/// A matrix that is being filled by its only owner.
template <class T>
class tensor_builder {
public:
  explicit tensor_builder(shape extent)
      : tensor_builder(extent, byte_buffer{extent.size() * sizeof(T)}) {
  }

  /// @pre `buffer` has the size of the matrix
  tensor_builder(shape extent, byte_buffer buffer)
      : extent_(extent), buffer_(std::move(buffer)) {
  }

  std::span<T> values() noexcept {
    return {reinterpret_cast<T*>(buffer_.data()), extent_.size()};
  }

  const shape& extent() const noexcept {
    return extent_;
  }

  const byte_buffer& bytes() const noexcept {
    return buffer_;
  }

  /// Ends the filling; the builder is empty afterwards.
  tensor share() && {
    return {dtype_of<T>::value, extent_, shared_bytes{std::move(buffer_)}};
  }

private:
  shape extent_;
  byte_buffer buffer_;
};

} // namespace nnactor
