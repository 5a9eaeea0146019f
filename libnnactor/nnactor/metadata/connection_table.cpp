#include "nnactor/metadata/connection_table.hpp"

#include <algorithm>
#include <map>

namespace nnactor {

namespace {

/// Adds a node that is not in an ascending list yet.
void add_once(std::vector<node_index>& nodes, node_index node) {
  auto at = std::ranges::lower_bound(nodes, node);
  if (at == nodes.end() || *at != node)
    nodes.insert(at, node);
}

template <class Key, class Value>
std::vector<std::pair<Key, Value>> flatten(std::map<Key, Value>&& from) {
  return {std::make_move_iterator(from.begin()),
          std::make_move_iterator(from.end())};
}

/// Looks a key up in a list sorted by it; null if it is not there.
template <class Key, class Value>
const Value* look_up(const std::vector<std::pair<Key, Value>>& in, Key key) {
  auto at =
      std::ranges::lower_bound(in, key, {}, &std::pair<Key, Value>::first);
  return at != in.end() && at->first == key ? &at->second : nullptr;
}

} // namespace

std::string name_of(const server& which) {
  return which.number == 0
             ? "the driver"
             : fmt::format("node {} ({})", which.number, which.address);
}

connection_table::connection_table(const network&, const group_graph& graph,
                                   const placement& where, node_index self)
    : self_(self) {
  std::map<group_id, route> forward;
  std::map<group_id, std::vector<group_id>> readers;
  std::map<group_id, node_index> nodes;
  auto node = [&](group_id id) { return where.seats[id].node; };
  for (const auto& x : graph.groups)
    if (node(x.id) == self) {
      local_groups_.push_back(x.id);
      nodes.emplace(x.id, self);
    }
  for (const auto& producer : graph.groups) {
    for (const auto& to : producer.downstream) {
      const auto& consumer = graph.groups[to.group];
      auto sends = node(producer.id) == self;
      auto receives = node(consumer.id) == self;
      if (!sends && !receives)
        continue;
      nodes.emplace(producer.id, node(producer.id));
      nodes.emplace(consumer.id, node(consumer.id));
      if (receives && !to.cut)
        readers[producer.id].push_back(consumer.id);
      if (sends && receives && !to.cut)
        forward[producer.id].groups.push_back(consumer.id);
      else if (sends && !to.cut)
        add_once(forward[producer.id].nodes, node(consumer.id));
      if (sends != receives)
        connections_.push_back(
            {producer.id, consumer.id, producer.layer, consumer.layer,
             producer.neurons, consumer.neurons,
             node(sends ? consumer.id : producer.id), sends});
    }
  }
  forward_ = flatten(std::move(forward));
  readers_ = flatten(std::move(readers));
  nodes_ = flatten(std::move(nodes));
}

const connection_table::route&
connection_table::forward_of(group_id producer) const {
  static const route nowhere;
  const auto* found = look_up(forward_, producer);
  return found != nullptr ? *found : nowhere;
}

const std::vector<group_id>&
connection_table::readers_of(group_id producer) const {
  static const std::vector<group_id> nobody;
  const auto* found = look_up(readers_, producer);
  return found != nullptr ? *found : nobody;
}

std::optional<node_index> connection_table::node_of(group_id id) const {
  const auto* found = look_up(nodes_, id);
  return found != nullptr ? std::optional{*found} : std::nullopt;
}

size_t connection_table::bytes() const {
  auto out = sizeof(*this) + connections_.size() * sizeof(connection)
             + local_groups_.size() * sizeof(group_id)
             + forward_.size() * sizeof(forward_[0])
             + readers_.size() * sizeof(readers_[0])
             + nodes_.size() * sizeof(nodes_[0]);
  for (const auto& x : connections_)
    out += x.producer_neurons.bytes() + x.consumer_neurons.bytes();
  for (const auto& [id, x] : forward_)
    out += x.groups.size() * sizeof(group_id)
           + x.nodes.size() * sizeof(node_index);
  for (const auto& [id, x] : readers_)
    out += x.size() * sizeof(group_id);
  return out;
}

} // namespace nnactor
