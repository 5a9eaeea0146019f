#include "nnactor/partition/group_graph.hpp"

#include "nnactor/network/sparse.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace nnactor {

namespace {

/// Adds the groups of one layer, part by part, and returns their ids. A table
/// that is tied has as many as the vocabulary, without neurons.
std::vector<group_id> add_layer(group_graph& graph, const network& net,
                                layer_id id, const partition& parts) {
  const auto& of = net.layers[id];
  const auto& owner = of.tied ? net.output() : of;
  std::vector<group_id> added;
  for (uint32_t part = 0; part < parts.parts.size(); ++part) {
    auto neurons = intersect(parts.parts[part], owner.neurons());
    if (neurons.empty())
      continue;
    group x;
    x.id = static_cast<group_id>(graph.groups.size());
    x.layer = id;
    x.part = part;
    x.width = gives_sums(of.kind) ? of.width : neurons.size() * of.positions;
    if (!of.tied)
      x.neurons = std::move(neurons);
    added.push_back(x.id);
    graph.groups.push_back(std::move(x));
  }
  return added;
}

void connect(group_graph& graph, group_id producer, group_id consumer,
             uint32_t delay) {
  auto& from = graph.groups[producer];
  from.downstream.push_back({consumer, delay, from.width});
  graph.groups[consumer].upstream.push_back({producer, delay, from.width});
}

void connect(group_graph& graph, group_id producer, group_id consumer,
             const shared_spans& spans) {
  // Nothing crosses.
  if (spans.empty())
    return;
  uint64_t columns = 0;
  for (const auto& x : spans)
    columns += x.count;
  auto cut = columns < graph.groups[producer].width;
  graph.groups[producer].downstream.push_back(
      {consumer, 0, columns, spans, cut});
  graph.groups[consumer].upstream.push_back({producer, 0, columns, spans, cut});
}

/// The spans from all columns of a stream, or of what gives sums to it, to the
/// coordinates of a group of it.
std::vector<column_span> spans_to(const layer& stream,
                                  const neuron_set& coordinates) {
  std::vector<column_span> out;
  uint64_t slot = 0;
  for (const auto& x : coordinates.intervals()) {
    out.push_back({x.begin - stream.first, slot, x.size()});
    slot += x.size();
  }
  return out;
}

/// The other way: from the coordinates that a group has to where they are in
/// the whole stream.
std::vector<column_span> spans_from(const layer& stream,
                                    const neuron_set& coordinates) {
  auto out = spans_to(stream, coordinates);
  for (auto& x : out)
    std::swap(x.from, x.to);
  return out;
}

/// From what a group has of one stream to what a group has of the next: where
/// both of them have a coordinate.
std::vector<column_span> spans_between(const std::vector<column_span>& from,
                                       const std::vector<column_span>& to) {
  std::vector<column_span> out;
  for (size_t i = 0, j = 0; i < from.size() && j < to.size();) {
    auto begin = std::max(from[i].to, to[j].from);
    auto end = std::min(from[i].to + from[i].count, to[j].from + to[j].count);
    if (begin < end)
      out.push_back({from[i].from + (begin - from[i].to),
                     to[j].to + (begin - to[j].from), end - begin});
    if (from[i].to + from[i].count < to[j].from + to[j].count)
      ++i;
    else
      ++j;
  }
  return out;
}

/// Makes the spans of edges to groups of a stream, and to groups that read one.
class span_maker {
public:
  span_maker(const group_graph& graph, const network& net)
      : graph_(graph), net_(net) {
  }

  /// Empty where nothing crosses such an edge.
  shared_spans between(group_id producer, group_id consumer) {
    const auto& reader = layer_of(consumer);
    if (reader.kind != layer_kind::stream)
      return of(from_, producer, spans_from);
    if (!is_coordinate(layer_of(producer).kind))
      return of(to_, consumer, spans_to);
    return spans_between(spans_from(layer_of(producer), neurons_of(producer)),
                         spans_to(reader, neurons_of(consumer)));
  }

private:
  using known = std::map<group_id, shared_spans>;

  template <class Make>
  shared_spans of(known& in, group_id id, Make make) {
    auto [found, is_new] = in.try_emplace(id);
    if (is_new)
      found->second = make(layer_of(id), neurons_of(id));
    return found->second;
  }

  const layer& layer_of(group_id id) const {
    return net_.layers[graph_.groups[id].layer];
  }

  const neuron_set& neurons_of(group_id id) const {
    return graph_.groups[id].neurons;
  }

  const group_graph& graph_;
  const network& net_;
  known from_; ///< By producer.
  known to_;   ///< By consumer.
};

/// Finds out which producers the neurons of a sparse layer read.
class sparse_readers {
public:
  sparse_readers(const network& net, layer_id id, const group_graph& graph,
                 const std::vector<std::vector<group_id>>& groups_of)
      : connections_(net, id), owners_(input_width(net, id)) {
    auto offset = owners_.begin();
    for (auto input : net.layers[id].inputs) {
      for (auto producer : groups_of[input])
        own(net.layers[input], graph.groups[producer], offset);
      offset += static_cast<ptrdiff_t>(net.layers[input].width);
    }
  }

  std::set<group_id> producers_of(const group& reader) const {
    std::set<group_id> out;
    for (const auto& ids : reader.neurons.intervals())
      for (auto id = ids.begin; id < ids.end; ++id)
        for (auto column : connections_.of(id))
          out.insert(owners_[column]);
    return out;
  }

private:
  void own(const layer& from, const group& producer,
           std::vector<group_id>::iterator first) {
    if (producer.kind == group_kind::input)
      std::fill_n(first, from.width, producer.id);
    for (const auto& ids : producer.neurons.intervals())
      std::fill_n(first
                      + static_cast<ptrdiff_t>((ids.begin - from.first)
                                               * from.positions),
                  ids.size() * from.positions, producer.id);
  }

  sparse_connections connections_;
  std::vector<group_id> owners_; ///< By column.
};

/// Returns the part that holds most of some groups, the lowest of equals.
uint32_t largest_part(const group_graph& graph,
                      const std::vector<group_id>& groups) {
  auto largest = std::ranges::max_element(
      groups, {}, [&](group_id id) { return graph.groups[id].neurons.size(); });
  return graph.groups[*largest].part;
}

/// Makes sure that a group reads something of the same time step: the arrival
/// of it is what it starts by.
void add_undelayed(const layer& x,
                   const std::vector<std::vector<group_id>>& groups_of,
                   std::set<group_id>& read) {
  const std::vector<group_id>* first = nullptr;
  for (size_t i = 0; i < x.inputs.size(); ++i) {
    if (x.delay_of(i) > 0)
      continue;
    const auto& groups = groups_of[x.inputs[i]];
    if (std::ranges::any_of(groups, [&](auto id) { return read.contains(id); }))
      return;
    if (first == nullptr)
      first = &groups;
  }
  read.insert(first->front());
}

/// Connects the groups of a layer with all groups that they read.
void connect_layer(group_graph& graph, const network& net, layer_id id,
                   const std::vector<std::vector<group_id>>& groups_of) {
  const auto& x = net.layers[id];
  auto by_spans = is_coordinate(x.kind) || reads_norm(x.kind);
  span_maker spans{graph, net};
  std::optional<sparse_readers> sparse;
  if (x.kind == layer_kind::sparse)
    sparse.emplace(net, id, graph, groups_of);
  for (auto consumer : groups_of[id]) {
    std::set<group_id> read;
    if (sparse) {
      read = sparse->producers_of(graph.groups[consumer]);
      add_undelayed(x, groups_of, read);
    }
    for (size_t i = 0; i < x.inputs.size(); ++i)
      for (auto producer : groups_of[x.inputs[i]])
        if (by_spans)
          connect(graph, producer, consumer, spans.between(producer, consumer));
        else if (!sparse || read.contains(producer))
          connect(graph, producer, consumer, x.delay_of(i));
  }
}

/// Groups of a table and of the vocabulary that it is tied to are in the same
/// order.
void pair_up(group_graph& graph, const std::vector<group_id>& table,
             const std::vector<group_id>& vocabulary) {
  for (size_t i = 0; i < table.size(); ++i) {
    graph.groups[table[i]].twin = vocabulary[i];
    graph.groups[vocabulary[i]].twin = table[i];
  }
}

/// A vocabulary reads the labels and tells the loss no more than a summary.
void summarise(group_graph& graph, const std::vector<group_id>& vocabulary) {
  for (auto id : vocabulary) {
    connect(graph, group_graph::target_group, id, 0);
    graph.groups[id].downstream.front().summarised = true;
  }
  for (auto& x : graph.groups[graph.loss_group()].upstream)
    x.summarised = true;
}

} // namespace

group_graph make_group_graph(const network& net, const partition& parts) {
  group_graph graph;
  graph.time_steps = net.time_steps;
  graph.context = net.context;
  auto loss_layer = static_cast<layer_id>(net.layers.size() - 1);
  group input;
  input.id = group_graph::input_group;
  input.kind = group_kind::input;
  input.width = net.layers.front().width;
  group target;
  target.id = group_graph::target_group;
  target.kind = group_kind::target;
  target.layer = loss_layer;
  target.width = net.loss().kind == layer_kind::softmax_cross_entropy
                     ? 1
                     : net.loss().width;
  graph.groups = {input, target};
  // Groups of each layer, from which readers take their producers.
  std::vector<std::vector<group_id>> groups_of(net.layers.size());
  groups_of[0] = {group_graph::input_group};
  for (layer_id id = 1; id < loss_layer; ++id)
    groups_of[id] = add_layer(graph, net, id, parts);
  const auto& outputs = groups_of[net.loss().inputs.front()];
  group loss;
  loss.id = static_cast<group_id>(graph.groups.size());
  loss.kind = group_kind::loss;
  loss.layer = loss_layer;
  loss.part = largest_part(graph, outputs);
  loss.width = net.loss().width;
  graph.groups.push_back(std::move(loss));
  groups_of[loss_layer] = {graph.loss_group()};
  for (layer_id id = 1; id < net.layers.size(); ++id)
    connect_layer(graph, net, id, groups_of);
  for (layer_id id = 1; id < loss_layer; ++id)
    if (net.layers[id].tied)
      pair_up(graph, groups_of[id], outputs);
  if (net.output().kind == layer_kind::vocabulary)
    summarise(graph, outputs);
  connect(graph, group_graph::target_group, graph.loss_group(), 0);
  auto& answers = graph.groups[graph.loss_group()];
  answers.downstream = {{group_graph::input_group, 0, answers.width}};
  return graph;
}

std::vector<group_id> ends_of(const std::vector<edge>& edges) {
  std::vector<group_id> out;
  for (const auto& x : edges)
    out.push_back(x.group);
  return out;
}

bool closes_micro_batch(const group& what) {
  auto reads_input = std::ranges::any_of(what.upstream, [](const edge& x) {
    return x.group == group_graph::input_group;
  });
  return what.kind == group_kind::neurons
         && (reads_input || what.downstream.empty());
}

std::vector<group_id> closing_groups(const group_graph& graph) {
  std::vector<group_id> out;
  for (const auto& x : graph.groups)
    if (closes_micro_batch(x))
      out.push_back(x.id);
  return out;
}

namespace {

/// @param seat_of Returns the seat of a group that some node has.
template <class Seat>
placement place_groups(const group_graph& graph, uint32_t nodes, Seat seat_of) {
  placement where;
  where.nodes = nodes;
  for (const auto& x : graph.groups) {
    auto outside = x.kind == group_kind::input || x.kind == group_kind::target;
    where.seats.push_back(outside ? placement::seat{where.driver(), 0}
                                  : seat_of(x));
  }
  seat_twins(graph, where);
  return where;
}

} // namespace

void seat_twins(const group_graph& graph, placement& where) {
  for (const auto& x : graph.groups)
    if (x.borrows())
      where.seats[x.id] = where.seats[*x.twin];
}

placement place(const group_graph& graph, uint32_t nodes,
                uint32_t devices_per_node) {
  uint32_t parts = 0;
  for (const auto& x : graph.groups)
    parts = std::max(parts, x.part + 1);
  std::map<node_index, uint32_t> placed;
  return place_groups(graph, nodes, [&](const group& x) {
    auto node = x.part % nodes;
    auto turn = parts > nodes ? x.part / nodes : placed[node]++;
    return placement::seat{node, turn % devices_per_node};
  });
}

placement place(const group_graph& graph, uint32_t nodes,
                const std::vector<placement::seat>& by_part) {
  return place_groups(graph, nodes,
                      [&](const group& x) { return by_part[x.part]; });
}

} // namespace nnactor
