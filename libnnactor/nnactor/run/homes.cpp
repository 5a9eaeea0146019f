#include "nnactor/run/homes.hpp"

#include <algorithm>

namespace nnactor {

void homes::lose(const deployment& job, const std::string& address) {
  auto of = std::ranges::find(job.servers, address, &server::address);
  if (of == job.servers.end())
    return;
  auto index = static_cast<node_index>(of - job.servers.begin());
  auto& seats = job.where.seats;
  for (group_id id = 0; id < seats.size(); ++id)
    if (seats[id].node == index)
      all_.try_emplace(id, home{of->number, seats[id].device});
}

void homes::forget_group(group_id which) {
  all_.erase(which);
}

void homes::forget_node(uint32_t number) {
  std::erase_if(all_, [&](auto& x) { return x.second.node == number; });
}

void homes::clear() {
  all_.clear();
}

// Nodes are in the order of their numbers, the driver is the last.
rearrangement homes::welcome(const deployment& job,
                             const server& newcomer) const {
  auto servers = job.servers;
  auto at = std::find_if(servers.begin(), servers.end() - 1,
                         [&](auto& x) { return x.number > newcomer.number; });
  auto index = static_cast<node_index>(at - servers.begin());
  servers.insert(at, newcomer);
  auto next = add_node({job.parts, job.graph, job.where}, index);
  for (auto& [group, to] : all_)
    if (to.node == newcomer.number)
      next.where.seats[group] = {index, to.device};
  seat_twins(next.graph, next.where);
  return {std::move(next), std::move(servers)};
}

} // namespace nnactor
