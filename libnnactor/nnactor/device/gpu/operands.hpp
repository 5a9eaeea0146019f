#pragma once

#include "nnactor/device/gpu/kernel_queue.hpp"
#include "nnactor/device/matrix.hpp"

#include <span>
#include <vector>

namespace nnactor::gpu {

/// The matrices of one kernel where the GPU reads and writes them: those of the
/// host as copies.
class operands {
public:
  explicit operands(kernel_queue& queue) : queue_(queue) {
  }

  template <class T>
  const T* in(std::span<const T> x) {
    if (x.empty() || queue_.own().owns(x.data()))
      return x.data();
    return reinterpret_cast<const T*>(copy(std::as_bytes(x)));
  }

  template <class T>
  T* out(std::span<T> x) {
    if (x.empty() || queue_.own().owns(x.data()))
      return x.data();
    auto* there = copy(std::as_bytes(x));
    returns_.push_back({there, std::as_writable_bytes(x)});
    return reinterpret_cast<T*>(there);
  }

  template <class T>
  const T* in(matrix_view<const T> x) {
    return in(x.values());
  }

  float* out(mutable_matrix x) {
    return out(x.values());
  }

  /// Memory that only this kernel needs.
  template <class T>
  T* scratch(uint64_t count) {
    copies_.push_back(queue_.allocate(count * sizeof(T)));
    return reinterpret_cast<T*>(copies_.back().data());
  }

  /// Gives the host what is its own.
  void give_back() {
    for (auto& x : returns_)
      queue_.read(x.from, x.to);
  }

private:
  struct debt {
    const std::byte* from;
    std::span<std::byte> to;
  };

  std::byte* copy(std::span<const std::byte> x) {
    copies_.push_back(queue_.upload(x));
    return copies_.back().data();
  }

  kernel_queue& queue_;
  std::vector<byte_buffer> copies_;
  std::vector<debt> returns_;
};

} // namespace nnactor::gpu
