#include "nnactor/device/gpu/pool.hpp"

#include <fmt/format.h>

#include <bit>
#include <stdexcept>

namespace nnactor::gpu {

namespace {

// What kernels and copies like best.
constexpr size_t alignment = 512;

// Weights of neighbouring layers lie together, so that one window of the L2
// holds them.
constexpr size_t slab_bytes = 32 << 20;

} // namespace

size_t rounded_up(size_t bytes) {
  auto step = std::max(alignment, std::bit_floor(bytes) / 8);
  return std::max((bytes + step - 1) / step * step, alignment);
}

pool::pool(std::shared_ptr<launcher> from, kind what)
    : from_(std::move(from)), kind_(what) {
}

pool::~pool() {
  for (auto& [data, size] : all_)
    give_driver(const_cast<std::byte*>(data));
}

pool::loan pool::take(size_t bytes) {
  std::lock_guard guard{mutex_};
  auto size = rounded_up(bytes);
  auto& spares = spares_[size];
  auto found = spare{nullptr, 0};
  if (spares.empty()) {
    found.data = make(size);
  } else {
    found = spares.back();
    spares.pop_back();
  }
  if (found.data == nullptr)
    throw std::runtime_error{fmt::format("no memory is left for {} bytes on {}",
                                         size, from_->name())};
  return {byte_buffer{shared_from_this(), found.data, bytes},
          found.last_period};
}

bool pool::owns(const void* data) const {
  std::lock_guard guard{mutex_};
  const auto* at = static_cast<const std::byte*>(data);
  auto after = all_.upper_bound(at);
  if (after == all_.begin())
    return false;
  auto [first, size] = *std::prev(after);
  return at < first + size;
}

void pool::release(std::byte* data, size_t size) noexcept {
  std::lock_guard guard{mutex_};
  spares_[rounded_up(size)].push_back({data, period_});
}

void pool::read(const std::byte* from, std::byte* to, size_t size) {
  from_->order(stream::download, stream::compute, from_->mark(stream::compute));
  from_->copy(stream::download, from, to, size);
  from_->wait(stream::download, from_->mark(stream::download));
}

// -- under the lock -----------------------------------------------------------

std::byte* pool::make(size_t bytes) {
  if (bytes > slab_bytes / 4)
    return make_whole(bytes);
  if (left_ < bytes) {
    auto* next = make_whole(slab_bytes);
    if (next == nullptr)
      return nullptr;
    slab_ = next;
    left_ = slab_bytes;
  }
  auto* out = slab_;
  slab_ += bytes;
  left_ -= bytes;
  return out;
}

std::byte* pool::make_whole(size_t bytes) {
  auto* out = ask_driver(bytes);
  if (out == nullptr) {
    give_back_spares();
    out = ask_driver(bytes);
  }
  if (out != nullptr)
    all_[out] = bytes;
  return out;
}

std::byte* pool::ask_driver(size_t bytes) {
  return kind_ == kind::device ? from_->allocate(bytes)
                               : from_->allocate_pinned(bytes);
}

void pool::give_driver(std::byte* data) noexcept {
  if (kind_ == kind::device)
    from_->free(data);
  else
    from_->free_pinned(data);
}

/// Those that are not part of a slab.
void pool::give_back_spares() {
  for (auto& [size, spares] : spares_) {
    if (size <= slab_bytes / 4)
      continue;
    for (auto& x : spares) {
      all_.erase(x.data);
      give_driver(x.data);
    }
    spares.clear();
  }
}

} // namespace nnactor::gpu
