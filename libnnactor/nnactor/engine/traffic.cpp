#include "nnactor/engine/footprint.hpp"

#include <map>
#include <set>

namespace nnactor {

namespace {

/// Of a value between groups on different nodes.
uint64_t sent_bytes(const train_settings& how) {
  return how.link == precision::bfloat16 ? sizeof(uint16_t) : sizeof(float);
}

} // namespace

std::vector<link_traffic> traffic(const network& net, const arrangement& on,
                                  const train_settings& how) {
  std::map<std::pair<node_index, node_index>, link_traffic> links;
  auto node = [&](group_id id) { return on.where.seats[id].node; };
  auto link = [&](group_id from, node_index to) -> link_traffic& {
    auto& out = links[{node(from), to}];
    out.from = node(from);
    out.to = to;
    return out;
  };
  auto steps = uint64_t{on.graph.time_steps};
  auto rows = uint64_t{how.batch} * on.graph.context;
  // A stream sends the rows of its norm with every micro-batch.
  auto rows_of = [&](const group& g) {
    return rows + how.micro_batches * net.layers[g.layer].norm_rows();
  };
  // A summary is not rounded.
  auto sent = [&](const edge& x) {
    return x.summarised ? sizeof(float) : sent_bytes(how);
  };
  for (auto& g : on.graph.groups) {
    auto value =
        g.kind == group_kind::neurons ? sent_bytes(how) : sizeof(float);
    // The loss group sends two doubles for each time step of a micro-batch.
    auto bytes = g.kind == group_kind::loss
                     ? steps * how.micro_batches * 2 * sizeof(double)
                     : steps * rows_of(g) * g.width * value;
    std::set<node_index> readers;
    for (auto& to : g.downstream) {
      if (node(to.group) == node(g.id))
        continue;
      if (to.cut || to.summarised)
        link(g.id, node(to.group)).forward +=
            rows_of(g) * to.told_columns() * sent(to);
      else
        readers.insert(node(to.group));
    }
    for (auto to : readers)
      link(g.id, to).forward += bytes;
    if (g.kind != group_kind::neurons && g.kind != group_kind::loss)
      continue;
    for (auto& from : g.upstream)
      if (on.graph.groups[from.group].kind == group_kind::neurons
          && node(from.group) != node(g.id))
        link(g.id, node(from.group)).backward +=
            (steps - from.delay) * rows_of(on.graph.groups[from.group])
            * from.asked_columns() * sent(from);
  }
  std::vector<link_traffic> out;
  for (auto& [pair, x] : links)
    out.push_back(x);
  return out;
}

} // namespace nnactor
