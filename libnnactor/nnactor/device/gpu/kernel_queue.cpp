#include "nnactor/device/gpu/kernel_queue.hpp"

#include <algorithm>
#include <cstring>

namespace nnactor::gpu {

namespace {

// Copied to pinned memory while the piece before is on its way.
constexpr size_t piece_bytes = 4 << 20;
constexpr size_t most_pieces = 8;

// Memory that came back longer ago than this waits for a later period.
constexpr size_t most_periods = 256;

} // namespace

kernel_queue::kernel_queue(std::shared_ptr<launcher> to)
    : to_(std::move(to)), own_(std::make_shared<pool>(to_, pool::kind::device)),
      pinned_(std::make_shared<pool>(to_, pool::kind::pinned)), graphs_(*to_) {
}

// Nobody could be told of a failure here.
kernel_queue::~kernel_queue() {
  try {
    for (auto in : {stream::upload, stream::compute, stream::download})
      to_->wait(in, to_->mark(in));
  } catch (const std::exception&) {
  }
}

byte_buffer kernel_queue::upload(std::span<const std::byte> from) {
  auto [to, last_period] = own_->take(from.size());
  wait_for_period(last_period);
  for (size_t first = 0; first < from.size(); first += piece_bytes) {
    auto piece =
        from.subspan(first, std::min(piece_bytes, from.size() - first));
    drop_uploads();
    auto pinned = pinned_->take(piece.size()).bytes;
    std::ranges::copy(piece, pinned.data());
    to_->copy(stream::upload, pinned.data(), to.data() + first, piece.size());
    uploads_.push_back(
        {to_->mark(stream::upload), shared_bytes{std::move(pinned)}, {}});
  }
  if (!uploads_.empty())
    to_->order(stream::compute, stream::upload, uploads_.back().mark);
  return std::move(to);
}

shared_bytes kernel_queue::fetch(const shared_bytes& from) {
  auto pinned = pinned_->take(from.size()).bytes;
  auto* data = pinned.data();
  shared_bytes to{std::move(pinned)};
  to_fetch_.push_back({from, data, to});
  return to;
}

void kernel_queue::read(const std::byte* from, std::span<std::byte> to) {
  start();
  own_->read(from, to.data(), to.size());
}

uint64_t kernel_queue::submit() {
  start();
  drop_uploads();
  if (to_fetch_.empty())
    return 0;
  to_->order(stream::download, stream::compute, ends_.back());
  for (auto& x : to_fetch_)
    to_->copy(stream::download, x.from.data(), x.data, x.from.size());
  auto mark = to_->mark(stream::download);
  for (auto& x : to_fetch_)
    downloads_.push_back({mark, std::move(x.from), std::move(x.to)});
  to_fetch_.clear();
  return mark;
}

void kernel_queue::finish(uint64_t block) {
  if (block > 0)
    to_->wait(stream::download, block);
  while (!downloads_.empty() && downloads_.front().mark <= block)
    downloads_.pop_front();
}

/// Starts the kernels that were collected, if any, and ends their period.
void kernel_queue::start() {
  if (!list_.empty()) {
    auto list = to_->fuses_relu() ? fuse_relu(list_) : std::move(list_);
    list_.clear();
    auto weights = weights_of(list);
    auto same = weights.data() == kept_cached_.data()
                && weights.size() == kept_cached_.size();
    if (!same && !weights.empty() && to_->cache_to_keep() > 0) {
      to_->keep_cached(weights);
      kept_cached_ = weights;
    }
    graphs_.run(list);
  } else if (!ends_.empty()) {
    return;
  }
  ends_.push_back(to_->mark(stream::compute));
  if (ends_.size() > most_periods)
    ends_.pop_front();
  own_->enter(++period_);
}

/// Lets copies to the GPU wait for the kernels of a period.
void kernel_queue::wait_for_period(uint64_t period) {
  if (period == 0)
    return;
  if (period == period_)
    start();
  auto first = period_ - ends_.size();
  auto index = period < first ? 0 : period - first;
  to_->order(stream::upload, stream::compute,
             ends_[std::min(index, ends_.size() - 1)]);
}

/// Drops the pieces that have arrived, and waits for the oldest of too many.
void kernel_queue::drop_uploads() {
  while (!uploads_.empty()
         && (uploads_.size() >= most_pieces
             || to_->reached(stream::upload, uploads_.front().mark))) {
    to_->wait(stream::upload, uploads_.front().mark);
    uploads_.pop_front();
  }
}

} // namespace nnactor::gpu
