#include "nnactor/neuron/neuron_set.hpp"

#include "nnactor/neuron/permutation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <tuple>

namespace nnactor {

namespace {

using interval_list = std::vector<neuron_interval>;

/// Sorts intervals, drops empty ones and merges those that touch.
interval_list normalize(interval_list xs) {
  std::erase_if(xs, [](const auto& x) { return x.begin >= x.end; });
  std::ranges::sort(xs, {}, &neuron_interval::begin);
  interval_list result;
  for (const auto& x : xs) {
    if (!result.empty() && x.begin <= result.back().end)
      result.back().end = std::max(result.back().end, x.end);
    else
      result.push_back(x);
  }
  return result;
}

/// Returns the last interval of a normalized list that begins at or before an
/// id, null if there is none.
const neuron_interval* before(const interval_list& xs, neuron_id id) {
  auto after = std::ranges::upper_bound(xs, id, {}, &neuron_interval::begin);
  return after == xs.begin() ? nullptr : &*std::prev(after);
}

bool overlaps(const interval_list& xs, const neuron_interval& with) {
  const auto* x = before(xs, with.end - 1);
  return x != nullptr && x->end > with.begin;
}

bool covers(const interval_list& xs, const neuron_interval& what) {
  const auto* x = before(xs, what.begin);
  return x != nullptr && x->end >= what.end;
}

/// Merges what touches; whole domains go to `plain`.
std::vector<shuffled_interval> normalize(std::vector<shuffled_interval> xs,
                                         interval_list& plain) {
  std::erase_if(xs, [](const auto& x) { return x.ranks.begin >= x.ranks.end; });
  std::ranges::sort(xs, {}, [](const auto& x) {
    return std::tuple{x.domain.begin, x.domain.end, x.key, x.ranks.begin};
  });
  std::vector<shuffled_interval> out;
  for (const auto& x : xs) {
    auto continues = !out.empty() && out.back().domain == x.domain
                     && out.back().key == x.key
                     && x.ranks.begin <= out.back().ranks.end;
    if (continues)
      out.back().ranks.end = std::max(out.back().ranks.end, x.ranks.end);
    else
      out.push_back(x);
  }
  std::erase_if(out, [&](const auto& x) {
    auto whole = x.ranks.size() == x.domain.size();
    if (whole)
      plain.push_back(x.domain);
    return whole;
  });
  return out;
}

void list(const shuffled_interval& x, interval_list& out) {
  permutation order{x.domain.size(), x.key};
  for (auto rank = x.ranks.begin; rank < x.ranks.end; ++rank) {
    auto id = x.domain.begin + order(rank);
    out.push_back({id, id + 1});
  }
}

/// The first of sorted intervals that ends after an id. So a set that is small
/// and a large one meet without a look at all that lies before.
auto first_after(const interval_list& xs, neuron_id id) {
  return std::ranges::upper_bound(xs, id, {}, &neuron_interval::end);
}

interval_list in_both(const interval_list& xs, const interval_list& ys) {
  interval_list common;
  if (xs.empty() || ys.empty())
    return common;
  auto i = first_after(xs, ys.front().begin);
  auto j = first_after(ys, xs.front().begin);
  while (i != xs.end() && j != ys.end()) {
    common.push_back({std::max(i->begin, j->begin), std::min(i->end, j->end)});
    if (i->end < j->end)
      ++i;
    else
      ++j;
  }
  return common;
}

} // namespace

struct neuron_set::content {
  interval_list plain;
  std::vector<shuffled_interval> shuffled;
  std::vector<permutation> orders; ///< Of the shuffled ones.
  uint64_t size = 0;

  /// What is only made when somebody asks.
  struct listing {
    std::once_flag once;
    interval_list all;
    std::vector<uint64_t> first_slots; ///< Slot of each interval's first id.
  };
  mutable listing listed;

  content() = default;

  content(interval_list plain_ones,
          std::vector<shuffled_interval> shuffled_ones)
      : plain(normalize(std::move(plain_ones))),
        shuffled(std::move(shuffled_ones)) {
    for (const auto& x : plain)
      size += x.size();
    for (const auto& x : shuffled) {
      size += x.ranks.size();
      orders.emplace_back(x.domain.size(), x.key);
    }
  }

  const listing& list_all() const {
    std::call_once(listed.once, [this] {
      listed.all = plain;
      for (const auto& x : shuffled)
        list(x, listed.all);
      if (!shuffled.empty())
        listed.all = normalize(std::move(listed.all));
      uint64_t slot = 0;
      for (const auto& x : listed.all) {
        listed.first_slots.push_back(slot);
        slot += x.size();
      }
    });
    return listed;
  }
};

neuron_set::neuron_set() {
  static const auto empty = std::make_shared<const content>();
  content_ = empty;
}

neuron_set::neuron_set(std::shared_ptr<const content> what)
    : content_(std::move(what)) {
}

neuron_set::neuron_set(interval_list xs)
    : content_(std::make_shared<const content>(
        std::move(xs), std::vector<shuffled_interval>{})) {
}

neuron_set neuron_set::range(neuron_id begin, neuron_id end) {
  return neuron_set{{neuron_interval{begin, end}}};
}

neuron_set neuron_set::of(std::vector<neuron_id> ids) {
  interval_list xs;
  xs.reserve(ids.size());
  std::ranges::sort(ids);
  for (auto id : ids) {
    if (!xs.empty() && id <= xs.back().end)
      xs.back().end = id + 1;
    else
      xs.push_back({id, id + 1});
  }
  return neuron_set{std::move(xs)};
}

neuron_set neuron_set::of(interval_list plain,
                          std::vector<shuffled_interval> shuffled) {
  auto kept = normalize(std::move(shuffled), plain);
  plain = normalize(std::move(plain));
  if (!are_apart(plain, kept)) {
    for (const auto& x : kept)
      list(x, plain);
    kept.clear();
  }
  return neuron_set{
      std::make_shared<const content>(std::move(plain), std::move(kept))};
}

bool neuron_set::are_apart(const std::vector<neuron_interval>& plain,
                           const std::vector<shuffled_interval>& shuffled) {
  for (size_t i = 0; i < shuffled.size(); ++i) {
    const auto& x = shuffled[i];
    if (overlaps(plain, x.domain))
      return false;
    if (i == 0)
      continue;
    const auto& last = shuffled[i - 1];
    auto same = last.domain == x.domain && last.key == x.key;
    if (same ? last.ranks.end > x.ranks.begin
             : last.domain.end > x.domain.begin)
      return false;
  }
  return true;
}

uint64_t neuron_set::size() const noexcept {
  return content_->size;
}

const interval_list& neuron_set::plain() const noexcept {
  return content_->plain;
}

const std::vector<shuffled_interval>& neuron_set::shuffled() const noexcept {
  return content_->shuffled;
}

const interval_list& neuron_set::intervals() const {
  return shuffled().empty() ? plain() : content_->list_all().all;
}

neuron_interval neuron_set::bounds() const noexcept {
  neuron_interval out;
  auto include = [&](const neuron_interval& x) {
    auto first = out.size() == 0;
    out = {first ? x.begin : std::min(out.begin, x.begin),
           std::max(out.end, x.end)};
  };
  if (!plain().empty())
    include({plain().front().begin, plain().back().end});
  for (const auto& x : shuffled())
    include(x.domain);
  return out;
}

bool neuron_set::contains(neuron_id id) const noexcept {
  if (const auto* x = before(plain(), id); x != nullptr && id < x->end)
    return true;
  for (size_t i = 0; i < shuffled().size(); ++i) {
    const auto& x = shuffled()[i];
    if (id < x.domain.begin || id >= x.domain.end)
      continue;
    auto rank = content_->orders[i].inverse(id - x.domain.begin);
    if (rank >= x.ranks.begin && rank < x.ranks.end)
      return true;
  }
  return false;
}

std::optional<uint64_t> neuron_set::slot_of(neuron_id id) const {
  const auto& [once, all, first_slots] = content_->list_all();
  const auto* x = before(all, id);
  if (x == nullptr || id >= x->end)
    return std::nullopt;
  return first_slots[static_cast<size_t>(x - all.data())] + (id - x->begin);
}

neuron_id neuron_set::id_at(uint64_t slot) const {
  const auto& [once, all, first_slots] = content_->list_all();
  auto after = std::ranges::upper_bound(first_slots, slot);
  auto index = static_cast<size_t>(after - first_slots.begin()) - 1;
  return all[index].begin + (slot - first_slots[index]);
}

size_t neuron_set::bytes() const noexcept {
  return plain().size() * sizeof(neuron_interval)
         + shuffled().size() * sizeof(shuffled_interval);
}

bool operator==(const neuron_set& x, const neuron_set& y) {
  if (x.content_ == y.content_
      || (x.plain() == y.plain() && x.shuffled() == y.shuffled()))
    return true;
  auto compact = x.shuffled().empty() && y.shuffled().empty();
  return !compact && x.size() == y.size() && x.intervals() == y.intervals();
}

neuron_set unite(const neuron_set& x, const neuron_set& y) {
  if (x.empty() || y.empty())
    return x.empty() ? y : x;
  return unite_all({x, y});
}

neuron_set unite_all(const std::vector<neuron_set>& all) {
  interval_list plain;
  std::vector<shuffled_interval> shuffled;
  for (const auto& x : all) {
    plain.insert(plain.end(), x.plain().begin(), x.plain().end());
    shuffled.insert(shuffled.end(), x.shuffled().begin(), x.shuffled().end());
  }
  return neuron_set::of(std::move(plain), std::move(shuffled));
}

neuron_set intersect(const neuron_set& x, const neuron_set& y) {
  if (!y.shuffled().empty())
    return x.shuffled().empty()
               ? intersect(y, x)
               : neuron_set{in_both(x.intervals(), y.intervals())};
  std::vector<shuffled_interval> inside;
  auto [begin, end] = y.bounds();
  auto part = std::ranges::upper_bound(
      x.shuffled(), begin, {}, [](const auto& at) { return at.domain.end; });
  for (; part != x.shuffled().end() && part->domain.begin < end; ++part) {
    if (covers(y.plain(), part->domain))
      inside.push_back(*part);
    else if (overlaps(y.plain(), part->domain))
      return neuron_set{in_both(x.intervals(), y.plain())};
  }
  return neuron_set::of(in_both(x.plain(), y.plain()), std::move(inside));
}

neuron_set subtract(const neuron_set& x, const neuron_set& y) {
  interval_list rest;
  const auto& taken = y.intervals();
  auto j = taken.begin();
  for (auto piece : x.intervals()) {
    while (j != taken.end() && j->end <= piece.begin)
      ++j;
    for (auto k = j; k != taken.end() && k->begin < piece.end; ++k) {
      rest.push_back({piece.begin, k->begin});
      piece.begin = k->end;
    }
    rest.push_back(piece);
  }
  return neuron_set{std::move(rest)};
}

std::pair<neuron_set, neuron_set> deal(const neuron_set& from, uint64_t count,
                                       uint64_t key) {
  if (count == 0 || count == from.size())
    return count == 0 ? std::pair{neuron_set{}, from}
                      : std::pair{from, neuron_set{}};
  shuffled_interval all;
  if (from.plain().empty() && from.shuffled().size() == 1) {
    all = from.shuffled().front();
  } else if (from.plain().size() == 1 && from.shuffled().empty()) {
    all = {from.plain().front(), key, {0, from.size()}};
  } else {
    std::vector<neuron_id> ids;
    permutation order{from.size(), key};
    for (uint64_t i = 0; i < count; ++i)
      ids.push_back(from.id_at(order(i)));
    auto taken = neuron_set::of(std::move(ids));
    return {taken, subtract(from, taken)};
  }
  auto taken = all;
  taken.ranks.end = all.ranks.begin += count;
  return {neuron_set::of({}, {taken}), neuron_set::of({}, {all})};
}

std::string to_string(const neuron_set& xs, size_t limit) {
  if (xs.empty())
    return "none";
  std::string text;
  auto shown = std::min(limit, xs.intervals().size());
  for (size_t i = 0; i < shown; ++i) {
    const auto& x = xs.intervals()[i];
    text += i == 0 ? "" : ",";
    text += x.size() == 1 ? fmt::format("{}", x.begin)
                          : fmt::format("{}-{}", x.begin, x.end - 1);
  }
  if (shown < xs.intervals().size())
    text += ",...";
  return text;
}

} // namespace nnactor
