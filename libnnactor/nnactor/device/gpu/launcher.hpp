#pragma once

#include "nnactor/device/gpu/command.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace nnactor::gpu {

/// What is done in one stream is done in order; streams do not wait for each
/// other unless told to.
enum class stream : uint8_t { compute, upload, download };

/// A list that a GPU knows and starts as one.
class graph {
public:
  virtual ~graph() = default;
};

/// What a GPU does for us, without any notion of tensors: memory, lists of
/// kernels, copies, and who waits for whom. All calls but `wait` return before
/// the GPU is done; any thread may call. Whatever fails throws
/// `std::runtime_error`, a failed kernel with one of the calls that follow it.
class launcher {
public:
  virtual ~launcher() = default;

  virtual std::string name() const = 0;

  /// Bytes of its L2 that can be kept for chosen values; 0: none.
  virtual size_t cache_to_keep() const = 0;

  /// Whether its products leave what is not a number where `relu` is set.
  virtual bool fuses_relu() const = 0;

  /// How much memory the GPU has.
  virtual uint64_t memory_bytes() const = 0;

  /// Memory of the GPU; null where none is left.
  virtual std::byte* allocate(size_t bytes) = 0;
  virtual void free(std::byte* data) noexcept = 0;

  /// Memory of the host that copies run fast from and to, meanwhile.
  virtual std::byte* allocate_pinned(size_t bytes) = 0;
  virtual void free_pinned(std::byte* data) noexcept = 0;

  /// Starts kernels in the compute stream.
  virtual void run(const command_list& what) = 0;
  virtual std::unique_ptr<graph> capture(const command_list& what) = 0;
  virtual void run(graph& what) = 0;

  virtual void copy(stream in, const std::byte* from, std::byte* to,
                    size_t bytes) = 0;

  /// Returns a number for what was started in a stream so far; it grows.
  virtual uint64_t mark(stream in) = 0;

  /// What is started in `later` from now on waits for a mark of `earlier`.
  virtual void order(stream later, stream earlier, uint64_t mark) = 0;

  /// Waits for a mark; whether it has been reached.
  virtual void wait(stream in, uint64_t mark) = 0;
  virtual bool reached(stream in, uint64_t mark) = 0;

  /// What kernels that are started or captured from now on shall find in the
  /// L2: the part of `what` that `cache_to_keep` allows.
  virtual void keep_cached(std::span<const std::byte> what) = 0;
};

} // namespace nnactor::gpu
