#include "nnactor/run/moves.hpp"

#include <algorithm>

namespace nnactor {

namespace {

constexpr double nanoseconds = 1e-9;

arrangement arrangement_of(const deployment& job) {
  return {job.parts, job.graph, job.where};
}

result<arrangement> rearranged(const deployment& job, const command& what,
                               node_index node, uint32_t devices) {
  auto from = arrangement_of(job);
  switch (what.kind) {
  case command_kind::leave:
    return evacuate_node(job.net, from, node, devices);
  case command_kind::move_group:
    return move_group(from, what.group, node, devices);
  default:
    return move_neurons(job.net, from, {what.first, what.last + 1}, node,
                        devices);
  }
}

} // namespace

result<planned_move> plan_move(const deployment& job, const command& what,
                               node_index node, uint32_t devices) {
  auto next = rearranged(job, what, node, devices);
  if (!next)
    return next.error();
  auto transfers = differences(arrangement_of(job), *next);
  auto servers = job.servers;
  if (what.kind == command_kind::leave) {
    next = drop_node(*next, node);
    servers.erase(servers.begin() + node);
  }
  return planned_move{{std::move(*next), std::move(servers)},
                      std::move(transfers),
                      job.servers};
}

planned_move plan_join(const deployment& job, rearrangement to,
                       const std::string& address) {
  auto at = std::ranges::find(to.servers, address, &server::address);
  auto empty = add_node(arrangement_of(job),
                        static_cast<node_index>(at - to.servers.begin()));
  auto transfers = differences(empty, to.next);
  auto between = to.servers;
  return {std::move(to), std::move(transfers), std::move(between)};
}

result<std::vector<double>> busy_between(const deployment& job,
                                         const node_statuses& first,
                                         const node_statuses& second) {
  std::vector<double> busy(job.graph.groups.size());
  for (size_t i = 0; i < second.size(); ++i) {
    if (!first[i] || !second[i])
      return fail(ec::timeout, "{} did not say what it does",
                  name_of(job.servers[i]));
    for (auto& after : second[i]->groups) {
      auto before = std::ranges::find(first[i]->groups, after.group,
                                      &group_status::group);
      if (before == first[i]->groups.end() || after.group >= busy.size()
          || after.version <= before->version)
        continue;
      busy[after.group] =
          static_cast<double>(after.busy_ns - before->busy_ns) * nanoseconds
          / static_cast<double>(after.version - before->version);
    }
  }
  return busy;
}

} // namespace nnactor
