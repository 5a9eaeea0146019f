#include "nnactor/group/inbox.hpp"

#include "nnactor/defaults.hpp"

#include <algorithm>

namespace nnactor {

inbox::inbox(std::vector<group_id> senders) : senders_(std::move(senders)) {
}

inbox::outcome inbox::put(const work_id& work, group_id sender, tensor value) {
  auto i = std::find(senders_.begin(), senders_.end(), sender);
  if (i == senders_.end())
    return outcome::stranger;
  if (remembers(work))
    return outcome::duplicate;
  auto& entry = open_[work];
  entry.values.resize(senders_.size());
  auto& slot = entry.values[static_cast<size_t>(i - senders_.begin())];
  if (slot)
    return outcome::duplicate;
  slot = std::move(value);
  ++entry.filled;
  return entry.filled == senders_.size() ? outcome::complete : outcome::waiting;
}

std::optional<std::vector<tensor>> inbox::take(const work_id& work) {
  auto i = open_.find(work);
  if (i == open_.end() || i->second.filled != senders_.size())
    return std::nullopt;
  std::vector<tensor> result;
  result.reserve(senders_.size());
  for (auto& value : i->second.values)
    result.push_back(std::move(*value));
  open_.erase(i);
  taken_.push_back(work);
  if (taken_.size() > defaults::remembered_work)
    taken_.pop_front();
  return result;
}

std::vector<work_id> inbox::complete_of(uint64_t step) const {
  std::vector<work_id> result;
  for (auto& [work, entry] : open_)
    if (work.step == step && entry.filled == senders_.size())
      result.push_back(work);
  return result;
}

void inbox::forget_before(uint64_t step) {
  std::erase_if(open_, [step](auto& kvp) { return kvp.first.step < step; });
}

std::optional<std::pair<work_id, group_id>> inbox::missing() const {
  for (auto& [work, entry] : open_)
    for (size_t i = 0; i < senders_.size(); ++i)
      if (!entry.values[i])
        return std::pair{work, senders_[i]};
  return std::nullopt;
}

bool inbox::remembers(const work_id& work) const {
  return std::find(taken_.begin(), taken_.end(), work) != taken_.end();
}

} // namespace nnactor
