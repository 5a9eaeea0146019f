#include "nnactor/neuron/neuron_directory.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include <map>

#include <roaring/roaring.hh>

namespace nnactor {

namespace {

/// Buckets of the guide table a server: with one or two, a look-up passes over
/// at most a bound or two on average.
constexpr server_index buckets_a_server = 1;

/// Bounds that are passed one by one; more are searched.
constexpr uint32_t few_steps = 4;

/// A node of a map, its links included.
constexpr size_t map_node_bytes = 64;

/// Neurons of one batch: enough to hide the latency of the multiplications,
/// few enough to stay in the first cache.
constexpr size_t batch = 256;

} // namespace

/// What has moved. The bitmap answers the common question, whether a neuron is
/// where it was, without a look at the moves.
struct neuron_directory::exceptions {
  struct entry {
    neuron_move what;
    uint64_t first_slot = 0;
  };

  /// Neurons that have moved, by the upper halves of their ids.
  std::map<uint32_t, Roaring> ids;
  std::vector<entry> moves;                      ///< By number.
  std::map<server_index, uint64_t> slots_in_use; ///< Beyond its share.
  /// Which move brought neurons to where they are: first id of a stretch to
  /// its end and number. Stretches do not overlap.
  std::map<neuron_id, std::pair<neuron_id, uint32_t>> stretches;

  bool contains(neuron_id id) const {
    auto block = ids.find(static_cast<uint32_t>(id >> 32));
    return block != ids.end()
           && block->second.contains(static_cast<uint32_t>(id));
  }

  /// The move that brought a neuron to where it is.
  /// @pre `contains(id)`
  const entry& last_of(neuron_id id) const {
    return moves[std::prev(stretches.upper_bound(id))->second.second];
  }

  void add_ids(neuron_interval range) {
    while (range.begin < range.end) {
      auto high = range.begin >> 32;
      auto end = std::min(range.end, (high + 1) << 32);
      auto& block = ids[static_cast<uint32_t>(high)];
      block.addRange(range.begin - (high << 32), end - (high << 32));
      block.runOptimize();
      range.begin = end;
    }
  }

  /// Cuts what lies under a new stretch and puts it there.
  void add_stretch(neuron_interval range, uint32_t number) {
    auto next = stretches.lower_bound(range.begin);
    if (next != stretches.begin()) {
      auto before = std::prev(next);
      auto [end, old] = before->second;
      if (end > range.begin)
        before->second.first = range.begin;
      if (end > range.end)
        stretches.emplace(range.end, std::pair{end, old});
    }
    while (next != stretches.end() && next->first < range.end) {
      auto [end, old] = next->second;
      next = stretches.erase(next);
      if (end > range.end)
        stretches.emplace(range.end, std::pair{end, old});
    }
    stretches[range.begin] = {range.end, number};
  }
};

neuron_directory::neuron_directory(const std::vector<uint64_t>& shares,
                                   std::optional<uint64_t> key)
    : bounds_(shares.size() + 1) {
  std::partial_sum(shares.begin(), shares.end(), bounds_.begin() + 1);
  find_even_shares(shares);
  if (!even_)
    make_guide();
  if (key)
    order_.emplace(neurons(), *key);
}

void neuron_directory::find_even_shares(const std::vector<uint64_t>& shares) {
  auto less = shares.back();
  if (less == 0 || shares.front() > less + 1)
    return;
  auto border = std::ranges::find(shares, less);
  auto larger = std::all_of(shares.begin(), border,
                            [less](uint64_t x) { return x == less + 1; });
  auto smaller = std::all_of(border, shares.end(),
                             [less](uint64_t x) { return x == less; });
  auto count = static_cast<server_index>(border - shares.begin());
  if (larger && smaller)
    even_ = {count * (less + 1), count, reciprocal{less + 1}, reciprocal{less}};
}

void neuron_directory::make_guide() {
  auto buckets = std::bit_ceil(servers() * buckets_a_server);
  while (neurons() >> shift_ >= buckets)
    ++shift_;
  auto last = (neurons() - 1) >> shift_;
  guide_.resize(last + 1);
  for (uint64_t i = 0; i <= last; ++i)
    guide_[i] = static_cast<uint32_t>(
        std::upper_bound(bounds_.begin(), bounds_.end(), i << shift_)
        - bounds_.begin() - 1);
  for (uint64_t i = 0; i < last; ++i)
    steps_ = std::max(steps_, guide_[i + 1] - guide_[i]);
  steps_ = std::max(steps_, servers() - 1 - guide_[last]);
}

neuron_directory::~neuron_directory() = default;
neuron_directory::neuron_directory(neuron_directory&&) noexcept = default;
neuron_directory&
neuron_directory::operator=(neuron_directory&&) noexcept = default;

uint64_t neuron_directory::rank_of(neuron_id id) const noexcept {
  return order_ ? order_->inverse(id) : id;
}

server_index neuron_directory::server_of(uint64_t rank) const noexcept {
  if (even_)
    return even_->server_of(rank);
  auto server = guide_[rank >> shift_];
  // Equal shares have two bounds in a bucket at most; no branch on their
  // values, which nobody could predict.
  if (steps_ > few_steps)
    return static_cast<server_index>(
        std::upper_bound(bounds_.begin() + server, bounds_.end(), rank)
        - bounds_.begin() - 1);
  for (uint32_t i = 0; i < steps_; ++i)
    server += rank >= bounds_[server + 1] ? 1 : 0;
  return server;
}

server_index neuron_directory::owner(neuron_id id) const noexcept {
  if (moved_ && moved_->contains(id))
    return moved_->last_of(id).what.to;
  return server_of(rank_of(id));
}

neuron_directory::place
neuron_directory::place_of(neuron_id id) const noexcept {
  if (moved_ && moved_->contains(id)) {
    auto& last = moved_->last_of(id);
    return {last.what.to, last.first_slot + (id - last.what.ids.begin)};
  }
  auto rank = rank_of(id);
  auto server = server_of(rank);
  return {server, rank - bounds_[server]};
}

std::optional<neuron_id>
neuron_directory::neuron_at(const place& where) const noexcept {
  if (where.server >= servers())
    return std::nullopt;
  std::optional<neuron_id> id;
  auto share = bounds_[where.server + 1] - bounds_[where.server];
  if (where.slot < share) {
    auto rank = bounds_[where.server] + where.slot;
    id = order_ ? (*order_)(rank) : rank;
  } else if (moved_) {
    for (auto& x : moved_->moves)
      if (x.what.to == where.server && where.slot >= x.first_slot
          && where.slot - x.first_slot < x.what.ids.size())
        id = x.what.ids.begin + (where.slot - x.first_slot);
  }
  // It may have gone elsewhere since.
  return id && place_of(*id) == where ? id : std::nullopt;
}

void neuron_directory::owners(std::span<const neuron_id> ids,
                              std::span<server_index> out) const {
  std::array<uint64_t, batch> ranks;
  for (size_t first = 0; first < ids.size(); first += batch) {
    auto count = std::min(batch, ids.size() - first);
    std::copy_n(ids.begin() + static_cast<ptrdiff_t>(first), count,
                ranks.begin());
    if (order_)
      order_->invert_all({ranks.data(), count});
    if (auto even = even_)
      for (size_t i = 0; i < count; ++i)
        out[first + i] = even->server_of(ranks[i]);
    else
      for (size_t i = 0; i < count; ++i)
        out[first + i] = server_of(ranks[i]);
    if (moved_)
      for (size_t i = first; i < first + count; ++i)
        if (moved_->contains(ids[i]))
          out[i] = moved_->last_of(ids[i]).what.to;
  }
}

neuron_move neuron_directory::move(neuron_interval ids, server_index to) {
  auto number = moved_ ? static_cast<uint32_t>(moved_->moves.size()) : 0;
  auto what = neuron_move{ids, to, number};
  apply(what);
  return what;
}

bool neuron_directory::apply(const neuron_move& what) {
  auto next = moved_ ? moved_->moves.size() : 0;
  if (what.number != next || what.to >= servers()
      || what.ids.begin >= what.ids.end || what.ids.end > neurons())
    return false;
  if (!moved_)
    moved_ = std::make_unique<exceptions>();
  auto& used = moved_->slots_in_use[what.to];
  auto share = bounds_[what.to + 1] - bounds_[what.to];
  moved_->moves.push_back({what, share + used});
  used += what.ids.size();
  moved_->add_ids(what.ids);
  moved_->add_stretch(what.ids, what.number);
  return true;
}

size_t neuron_directory::bytes() const {
  auto out = sizeof(*this) + bounds_.capacity() * sizeof(uint64_t)
             + guide_.capacity() * sizeof(uint32_t);
  if (moved_)
    out += sizeof(exceptions)
           + moved_->moves.capacity() * sizeof(exceptions::entry)
           + (moved_->slots_in_use.size() + moved_->stretches.size())
                 * map_node_bytes;
  if (moved_)
    for (auto& [high, block] : moved_->ids)
      out += sizeof(block) + block.getSizeInBytes();
  return out;
}

} // namespace nnactor
