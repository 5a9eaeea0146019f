#include "nnactor/neuron/neuron_set.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nnactor {

namespace {

/// Sorts intervals, drops empty ones and merges those that touch.
std::vector<neuron_interval> normalize(std::vector<neuron_interval> xs) {
  std::erase_if(xs, [](const auto& x) { return x.begin >= x.end; });
  std::ranges::sort(xs, {}, &neuron_interval::begin);
  std::vector<neuron_interval> result;
  for (const auto& x : xs) {
    if (!result.empty() && x.begin <= result.back().end)
      result.back().end = std::max(result.back().end, x.end);
    else
      result.push_back(x);
  }
  return result;
}

} // namespace

neuron_set::neuron_set(std::vector<neuron_interval> intervals)
    : intervals_(normalize(std::move(intervals))) {
  first_slots_.reserve(intervals_.size());
  for (const auto& x : intervals_) {
    first_slots_.push_back(size_);
    size_ += x.size();
  }
}

neuron_set neuron_set::range(neuron_id begin, neuron_id end) {
  return neuron_set{{neuron_interval{begin, end}}};
}

neuron_set neuron_set::of(std::vector<neuron_id> ids) {
  std::vector<neuron_interval> intervals;
  intervals.reserve(ids.size());
  std::ranges::sort(ids);
  for (auto id : ids) {
    if (!intervals.empty() && id <= intervals.back().end)
      intervals.back().end = id + 1;
    else
      intervals.push_back({id, id + 1});
  }
  return neuron_set{std::move(intervals)};
}

bool neuron_set::contains(neuron_id id) const noexcept {
  return slot_of(id).has_value();
}

std::optional<uint64_t> neuron_set::slot_of(neuron_id id) const noexcept {
  auto after =
      std::ranges::upper_bound(intervals_, id, {}, &neuron_interval::begin);
  if (after == intervals_.begin())
    return std::nullopt;
  auto index = static_cast<size_t>(after - intervals_.begin()) - 1;
  if (id >= intervals_[index].end)
    return std::nullopt;
  return first_slots_[index] + (id - intervals_[index].begin);
}

neuron_id neuron_set::id_at(uint64_t slot) const noexcept {
  auto after = std::ranges::upper_bound(first_slots_, slot);
  auto index = static_cast<size_t>(after - first_slots_.begin()) - 1;
  return intervals_[index].begin + (slot - first_slots_[index]);
}

neuron_set unite(const neuron_set& x, const neuron_set& y) {
  auto all = x.intervals_;
  all.insert(all.end(), y.intervals_.begin(), y.intervals_.end());
  return neuron_set{std::move(all)};
}

neuron_set intersect(const neuron_set& x, const neuron_set& y) {
  std::vector<neuron_interval> common;
  auto i = x.intervals_.begin();
  auto j = y.intervals_.begin();
  while (i != x.intervals_.end() && j != y.intervals_.end()) {
    common.push_back({std::max(i->begin, j->begin), std::min(i->end, j->end)});
    if (i->end < j->end)
      ++i;
    else
      ++j;
  }
  return neuron_set{std::move(common)};
}

neuron_set subtract(const neuron_set& x, const neuron_set& y) {
  std::vector<neuron_interval> rest;
  auto j = y.intervals_.begin();
  for (auto piece : x.intervals_) {
    while (j != y.intervals_.end() && j->end <= piece.begin)
      ++j;
    for (auto k = j; k != y.intervals_.end() && k->begin < piece.end; ++k) {
      rest.push_back({piece.begin, k->begin});
      piece.begin = k->end;
    }
    rest.push_back(piece);
  }
  return neuron_set{std::move(rest)};
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
