#include "nnactor/group/routing.hpp"

#include <algorithm>

namespace nnactor {

std::vector<sink_actor> routing::readers(group_id producer) const {
  std::vector<sink_actor> result;
  auto& route = table.forward_of(producer);
  for (auto id : route.groups)
    if (auto i = groups.find(id); i != groups.end())
      result.push_back(i->second);
  for (auto node : route.nodes)
    if (auto i = links.find(node); i != links.end())
      result.push_back(i->second);
  return result;
}

sink_actor routing::towards(group_id consumer) const {
  if (auto i = groups.find(consumer); i != groups.end())
    return i->second;
  if (auto node = table.node_of(consumer))
    if (auto i = links.find(*node); i != links.end())
      return i->second;
  return {};
}

routing make_routing(uint64_t epoch, connection_table table,
                     const group_graph& graph,
                     std::map<node_index, sink_actor> links) {
  routing result;
  result.epoch = epoch;
  result.table = std::move(table);
  result.links = std::move(links);
  for (auto& g : graph.groups)
    result.max_columns = std::max(result.max_columns, g.width);
  for (auto& x : graph.groups[graph.loss_group()].upstream)
    result.max_columns = std::max(result.max_columns, x.told_columns());
  return result;
}

} // namespace nnactor
