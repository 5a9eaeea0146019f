#pragma once

#include "nnactor/device/gpu/launcher.hpp"
#include "nnactor/tensor/bytes.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <vector>

namespace nnactor::gpu {

/// Hands out memory of a GPU, or pinned memory of the host. What comes back is
/// given to who asks for that size next, last in first out: work that repeats
/// gets the same addresses again, and asks no driver. Any thread may use it.
class pool : public memory, public std::enable_shared_from_this<pool> {
public:
  enum class kind { device, pinned };

  pool(std::shared_ptr<launcher> from, kind what);

  ~pool() override;

  /// Memory, and the period in which it was last given back: whoever does not
  /// wait for the work of that period may overwrite what it reads; 0 for memory
  /// that is new.
  struct loan {
    byte_buffer bytes;
    uint64_t last_period = 0;
  };

  /// Throws `std::runtime_error` where none is left.
  loan take(size_t bytes);

  /// Begins a period; they are numbered from 1.
  void enter(uint64_t period) {
    period_ = period;
  }

  /// Whether it has handed out that address at some time.
  bool owns(const void* data) const;

  bool on_host() const noexcept override {
    return kind_ == kind::pinned;
  }

  void release(std::byte* data, size_t size) noexcept override;

  void read(const std::byte* from, std::byte* to, size_t size) override;

private:
  struct spare {
    std::byte* data;
    uint64_t last_period;
  };

  std::byte* make(size_t bytes);
  std::byte* make_whole(size_t bytes);
  std::byte* ask_driver(size_t bytes);
  void give_driver(std::byte* data) noexcept;
  void give_back_spares();

  std::shared_ptr<launcher> from_;
  kind kind_;
  std::atomic<uint64_t> period_{1};
  mutable std::mutex mutex_;
  std::map<size_t, std::vector<spare>> spares_; ///< By size.
  std::map<const std::byte*, size_t> all_;      ///< From the driver.
  std::byte* slab_ = nullptr;                   ///< That small ones are cut of.
  size_t left_ = 0;                             ///< Of the slab.
};

/// What is asked for, rounded up so that sizes come again: less than an eighth
/// is lost of what is larger than 4 KiB.
size_t rounded_up(size_t bytes);

} // namespace nnactor::gpu
