#pragma once

#include "nnactor/device/gpu/launch_list.hpp"
#include "nnactor/device/gpu/pool.hpp"

#include <deque>

namespace nnactor::gpu {

/// The way to a GPU and back for one thread: collects kernels, and copies what
/// they need and leave while others run.
class kernel_queue {
public:
  explicit kernel_queue(std::shared_ptr<launcher> to);

  /// Waits for everything that is under way.
  ~kernel_queue();

  kernel_queue(const kernel_queue&) = delete;
  kernel_queue& operator=(const kernel_queue&) = delete;

  const launcher& where() const {
    return *to_;
  }

  /// The memory of the GPU.
  pool& own() const {
    return *own_;
  }

  byte_buffer allocate(size_t bytes) {
    return own_->take(bytes).bytes;
  }

  void push(const command& what) {
    list_.push_back(what);
  }

  /// Copies to the GPU, before all kernels that are pushed from now on.
  byte_buffer upload(std::span<const std::byte> from);

  /// Copies to the host what all kernels so far leave, by the end of the block.
  shared_bytes fetch(const shared_bytes& from);

  /// Copies to the host at once.
  void read(const std::byte* from, std::span<std::byte> to);

  /// Ends a block; returns what to `finish`, 0 if it has fetched nothing.
  uint64_t submit();

  void finish(uint64_t block);

  /// Drops the kernels that were not started: their memory will be another's.
  void abandon() noexcept {
    list_.clear();
    to_fetch_.clear();
  }

private:
  /// What the GPU still reads or writes.
  struct in_flight {
    uint64_t mark;
    shared_bytes from, to;
  };

  /// What the current block has fetched.
  struct fetched {
    shared_bytes from;
    std::byte* data; ///< Of `to`.
    shared_bytes to;
  };

  void start();
  void wait_for_period(uint64_t period);
  void drop_uploads();

  std::shared_ptr<launcher> to_;
  std::shared_ptr<pool> own_;
  std::shared_ptr<pool> pinned_;
  graph_cache graphs_;
  command_list list_;
  std::span<const std::byte> kept_cached_;
  uint64_t period_ = 1;           ///< Of the kernels that are collected.
  std::deque<uint64_t> ends_;     ///< Marks of the last periods before.
  std::deque<in_flight> uploads_; ///< From pinned memory.
  std::deque<in_flight> downloads_;
  std::vector<fetched> to_fetch_;
};

} // namespace nnactor::gpu
