#include "nnactor/partition/rearrange.hpp"

#include <algorithm>
#include <map>

namespace nnactor {

namespace {

/// A group is known by these across changes of the partition.
using place_in_network = std::pair<layer_id, uint32_t /*part*/>;

bool movable(const group& what) {
  return what.kind == group_kind::neurons || what.kind == group_kind::loss;
}

caf::error check_node(const arrangement& in, node_index node) {
  if (node < in.where.nodes)
    return {};
  return fail(ec::invalid_argument, "there is no such node");
}

/// The device of a node with the fewest groups, the lowest of equals.
uint32_t emptiest_device(const placement& where, node_index node,
                         uint32_t devices) {
  std::vector<uint32_t> groups(std::max(devices, 1u));
  for (auto& seat : where.seats)
    if (seat.node == node && seat.device < groups.size())
      ++groups[seat.device];
  return static_cast<uint32_t>(std::ranges::min_element(groups)
                               - groups.begin());
}

/// Seats the groups of a new partition where their predecessors were, or on
/// the node that `fresh` has for them.
arrangement reseat(const network& net, const arrangement& from, partition parts,
                   const std::map<place_in_network, node_index>& fresh,
                   uint32_t devices) {
  std::map<place_in_network, placement::seat> before;
  for (auto& g : from.graph.groups)
    if (g.kind == group_kind::neurons)
      before.emplace(place_in_network{g.layer, g.part}, from.where.seats[g.id]);
  arrangement out;
  out.graph = make_group_graph(net, parts);
  out.where.nodes = from.where.nodes;
  for (auto& g : out.graph.groups) {
    placement::seat seat{from.where.driver(), 0};
    if (g.kind == group_kind::loss) {
      seat = from.where.seats[from.graph.loss_group()];
    } else if (g.kind == group_kind::neurons && !g.borrows()) {
      auto key = place_in_network{g.layer, g.part};
      auto old = before.find(key);
      auto next = fresh.find(key);
      // A part may have lost all it had of a layer, elsewhere, before it was
      // given some again.
      auto stays = next == fresh.end()
                   || (old != before.end() && old->second.node == next->second);
      seat = stays ? old->second
                   : placement::seat{
                       next->second,
                       emptiest_device(out.where, next->second, devices)};
    }
    out.where.seats.push_back(seat);
  }
  seat_twins(out.graph, out.where);
  // A part that lost all its neurons goes; the order of groups stays.
  std::erase_if(parts.parts, [](const neuron_set& x) { return x.empty(); });
  out.graph = make_group_graph(net, parts);
  out.parts = std::move(parts);
  return out;
}

/// The part through which a node can take neurons of a layer: that of a group
/// of the layer there, else one that has none of the layer.
uint32_t part_on(const arrangement& in, const partition& parts,
                 const network& net, layer_id layer, node_index node) {
  std::optional<uint32_t> other;
  for (auto& g : in.graph.groups) {
    if (g.kind != group_kind::neurons || in.where.seats[g.id].node != node)
      continue;
    if (g.layer == layer)
      return g.part;
    auto taken =
        !intersect(parts.parts[g.part], net.layers[layer].neurons()).empty();
    if (!taken && !other)
      other = g.part;
  }
  return other.value_or(static_cast<uint32_t>(parts.parts.size()));
}

} // namespace

double work_of(const network& net, const group& what) {
  auto each = net.layers[what.layer].parameters_per_neuron();
  return std::max(1.0, static_cast<double>(what.neurons.size() * each));
}

result<arrangement> move_group(const arrangement& from, group_id what,
                               node_index to, uint32_t devices) {
  if (auto err = check_node(from, to))
    return err;
  if (what >= from.graph.groups.size())
    return fail(ec::invalid_argument, "there is no group {}; the last is {}",
                what, from.graph.loss_group());
  if (!movable(from.graph.groups[what]))
    return fail(ec::invalid_argument,
                "group {} is the driver's end of the data and stays there",
                what);
  if (from.graph.groups[what].borrows())
    return fail(ec::invalid_argument,
                "group {} has the parameters of group {} and goes where that "
                "goes; move that one",
                what, *from.graph.groups[what].twin);
  if (from.where.seats[what].node == to)
    return fail(ec::invalid_argument, "group {} is there already", what);
  auto out = from;
  out.where.seats[what] = {to, emptiest_device(from.where, to, devices)};
  seat_twins(out.graph, out.where);
  return out;
}

arrangement regroup(const network& net, const arrangement& from,
                    const std::vector<regrouping>& steps, uint32_t devices) {
  auto parts = from.parts;
  std::map<place_in_network, node_index> fresh;
  for (auto& step : steps) {
    auto layer = net.layer_of(step.neurons.id_at(0));
    for (auto& part : parts.parts)
      part = subtract(part, step.neurons);
    auto part = part_on(from, parts, net, layer, step.to);
    if (part == parts.parts.size())
      parts.parts.emplace_back();
    parts.parts[part] = unite(parts.parts[part], step.neurons);
    fresh.emplace(place_in_network{layer, part}, step.to);
  }
  return reseat(net, from, std::move(parts), fresh, devices);
}

result<arrangement> move_neurons(const network& net, const arrangement& from,
                                 neuron_interval which, node_index to,
                                 uint32_t devices) {
  if (auto err = check_node(from, to))
    return err;
  if (which.begin >= which.end || which.end > net.neuron_count())
    return fail(ec::invalid_argument,
                "there are no neurons {}-{}; the network has neurons 0 to {}",
                which.begin, which.end - 1, net.neuron_count() - 1);
  std::vector<regrouping> steps;
  for (auto& g : from.graph.groups) {
    if (g.kind != group_kind::neurons || from.where.seats[g.id].node == to)
      continue;
    auto taken =
        intersect(g.neurons, neuron_set::range(which.begin, which.end));
    if (!taken.empty())
      steps.push_back({std::move(taken), to});
  }
  if (steps.empty())
    return fail(ec::invalid_argument, "neurons {}-{} are there already",
                which.begin, which.end - 1);
  return regroup(net, from, steps, devices);
}

arrangement add_node(const arrangement& from, node_index which) {
  auto out = from;
  ++out.where.nodes;
  for (auto& seat : out.where.seats)
    if (seat.node >= which)
      ++seat.node;
  return out;
}

result<arrangement> evacuate_node(const network& net, const arrangement& from,
                                  node_index which, uint32_t devices) {
  if (auto err = check_node(from, which))
    return err;
  if (from.where.nodes == 1)
    return fail(ec::invalid_argument,
                "it is the only node; join another before it leaves");
  auto out = from;
  std::vector<double> load(from.where.nodes);
  std::vector<group_id> homeless;
  for (auto& g : from.graph.groups) {
    auto node = from.where.seats[g.id].node;
    if (node == which && !g.borrows())
      homeless.push_back(g.id);
    else if (movable(g))
      load[node] += work_of(net, g);
  }
  auto& groups = from.graph.groups;
  std::ranges::stable_sort(homeless, std::ranges::greater{}, [&](group_id id) {
    return work_of(net, groups[id]);
  });
  for (auto id : homeless) {
    node_index best = which == 0 ? 1 : 0;
    for (node_index i = 0; i < load.size(); ++i)
      if (i != which && load[i] < load[best])
        best = i;
    load[best] += work_of(net, groups[id]);
    out.where.seats[id] = {best, emptiest_device(out.where, best, devices)};
  }
  seat_twins(out.graph, out.where);
  return out;
}

arrangement drop_node(const arrangement& from, node_index which) {
  auto out = from;
  for (auto& seat : out.where.seats)
    if (seat.node > which)
      --seat.node;
  --out.where.nodes;
  return out;
}

std::vector<transfer> differences(const arrangement& before,
                                  const arrangement& after) {
  std::vector<transfer> out;
  auto& old_loss = before.where.seats[before.graph.loss_group()];
  auto& new_loss = after.where.seats[after.graph.loss_group()];
  for (auto& g : before.graph.groups) {
    if (g.kind != group_kind::neurons)
      continue;
    auto from = before.where.seats[g.id].node;
    for (auto& h : after.graph.groups) {
      auto to = after.where.seats[h.id].node;
      if (h.kind != group_kind::neurons || h.layer != g.layer || to == from)
        continue;
      auto moved = intersect(g.neurons, h.neurons);
      if (moved.empty())
        continue;
      auto whole = moved.size() == g.neurons.size();
      out.push_back({whole ? std::optional{g.id} : std::nullopt,
                     std::move(moved), from, to});
    }
  }
  if (old_loss.node != new_loss.node)
    out.push_back(
        {before.graph.loss_group(), {}, old_loss.node, new_loss.node});
  return out;
}

} // namespace nnactor
