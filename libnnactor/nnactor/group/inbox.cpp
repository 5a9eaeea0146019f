#include "nnactor/group/inbox.hpp"

#include "nnactor/defaults.hpp"

#include <algorithm>

namespace nnactor {

namespace {

bool sends_labels(const edge& from) {
  return from.group == group_graph::target_group;
}

uint64_t mark_of(const work_id& work) {
  return (work.step << 32) + (uint64_t{work.micro_batch} << 16)
         + work.time_step;
}

} // namespace

inbox::inbox(std::vector<edge> senders, direction way, uint32_t time_steps)
    : senders_(std::move(senders)), way_(way),
      always_all_(std::ranges::none_of(
          senders_,
          [](const edge& x) { return x.delay > 0 || sends_labels(x); })),
      time_steps_(time_steps) {
}

std::optional<work_id> inbox::due(const work_id& work, group_id sender) const {
  auto i = std::ranges::find(senders_, sender, &edge::group);
  if (work.time_step >= time_steps_ || i == senders_.end())
    return std::nullopt;
  auto time = int64_t{work.time_step}
              + shift_of(static_cast<size_t>(i - senders_.begin()));
  if (time < 0 || time >= time_steps_)
    return std::nullopt;
  auto out = work;
  out.time_step = static_cast<uint32_t>(time);
  return out;
}

bool inbox::is_expected(const work_id& work, size_t sender) const {
  if (always_all_)
    return true;
  if (is_question(work.why) && sends_labels(senders_[sender]))
    return false;
  if (senders_[sender].delay == 0)
    return true;
  auto time = int64_t{work.time_step} - shift_of(sender);
  return time >= 0 && time < time_steps_;
}

size_t inbox::expected(const work_id& work) const {
  size_t count = 0;
  for (size_t i = 0; i < senders_.size(); ++i)
    count += is_expected(work, i) ? 1 : 0;
  return count;
}

inbox::outcome inbox::put(const work_id& work, group_id sender, tensor value) {
  auto i = std::ranges::find(senders_, sender, &edge::group);
  if (i == senders_.end())
    return outcome::stranger;
  if (remembers(work))
    return outcome::duplicate;
  auto& entry = open_[work];
  if (entry.values.empty()) {
    entry.values.resize(senders_.size());
    entry.expected = expected(work);
  }
  auto& slot = entry.values[static_cast<size_t>(i - senders_.begin())];
  if (slot)
    return outcome::duplicate;
  slot = std::move(value);
  ++entry.filled;
  return entry.filled == entry.expected ? outcome::complete : outcome::waiting;
}

std::optional<std::vector<tensor>> inbox::take(const work_id& work) {
  auto i = open_.find(work);
  if (i == open_.end() || i->second.filled != i->second.expected)
    return std::nullopt;
  std::vector<tensor> result;
  result.reserve(senders_.size());
  for (auto& value : i->second.values)
    result.push_back(value ? std::move(*value) : tensor{});
  open_.erase(i);
  remember(work);
  return result;
}

std::vector<work_id> inbox::complete_of(uint64_t step) const {
  std::vector<work_id> result;
  for (auto& [work, entry] : open_)
    if (work.step == step && entry.filled == entry.expected)
      result.push_back(work);
  return result;
}

void inbox::forget_before(uint64_t step) {
  std::erase_if(open_, [step](auto& kvp) { return kvp.first.step < step; });
}

std::optional<std::pair<work_id, group_id>> inbox::missing() const {
  for (auto& [work, entry] : open_)
    for (size_t i = 0; i < senders_.size(); ++i)
      if (!entry.values[i] && is_expected(work, i))
        return std::pair{work, senders_[i].group};
  return std::nullopt;
}

void inbox::remember(const work_id& work) {
  if (taken_.size() < defaults::remembered_work) {
    taken_.push_back(work);
    marks_.push_back(mark_of(work));
    return;
  }
  taken_[next_taken_] = work;
  marks_[next_taken_] = mark_of(work);
  next_taken_ = (next_taken_ + 1) % taken_.size();
}

bool inbox::remembers(const work_id& work) const {
  auto mark = mark_of(work);
  for (size_t i = 0; i < marks_.size(); ++i)
    if (marks_[i] == mark && taken_[i] == work)
      return true;
  return false;
}

} // namespace nnactor
