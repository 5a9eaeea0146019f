#include "nnactor/run/open_steps.hpp"

#include <algorithm>

namespace nnactor {

open_steps::results* open_steps::find(uint64_t step) {
  auto i = all_.find(step);
  return i != all_.end() ? &i->second : nullptr;
}

void open_steps::add_loss(uint64_t step, piece of, loss_value value) {
  if (auto* open = find(step))
    open->losses.emplace(of, value);
}

std::vector<double> open_steps::add_norm(uint64_t step, group_id group,
                                         double norm) {
  std::vector<double> out;
  auto* open = find(step);
  if (open == nullptr || !open->norms.emplace(group, norm).second
      || open->norms.size() != expected_.norms)
    return out;
  for (auto& [id, value] : open->norms)
    out.push_back(value);
  return out;
}

bool open_steps::add_credit(uint64_t step, uint32_t micro_batch,
                            group_id group) {
  auto* open = find(step);
  if (open == nullptr)
    return false;
  auto& groups = open->credits[micro_batch];
  return groups.insert(group).second && groups.size() == expected_.closing;
}

std::optional<double> open_steps::loss_of(uint64_t step) const {
  auto i = all_.find(step);
  if (i == all_.end() || i->second.losses.size() < expected_.losses)
    return std::nullopt;
  double sum = 0;
  for (auto& [index, value] : i->second.losses)
    sum += value.loss_sum;
  return sum;
}

bool open_steps::close(uint64_t step) {
  auto* open = find(step);
  if (open == nullptr || !loss_of(step)
      || open->credits.size() < expected_.micro_batches
      || open->norms.size() < expected_.norms)
    return false;
  auto credited = std::ranges::all_of(open->credits, [&](auto& kvp) {
    return kvp.second.size() == expected_.closing;
  });
  if (credited)
    all_.erase(step);
  return credited;
}

} // namespace nnactor
