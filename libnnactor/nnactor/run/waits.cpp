#include "nnactor/run/waits.hpp"

#include <algorithm>
#include <set>

namespace nnactor {

namespace {

// A group that has had work this recently does not wait yet, it is in step.
constexpr uint64_t in_step_ms = 100;

// As many as fit a line that somebody reads.
constexpr size_t waits_in_an_error = 3;

const char* name_of(wait_kind kind) {
  switch (kind) {
  case wait_kind::activation:
    return "activation";
  case wait_kind::gradient:
    return "gradient";
  case wait_kind::update:
    return "update";
  case wait_kind::nothing:
    break;
  }
  return "nothing";
}

std::string neurons_of(const group& what) {
  switch (what.kind) {
  case group_kind::input:
    return "input";
  case group_kind::target:
    return "target";
  case group_kind::loss:
    return "loss";
  case group_kind::neurons:
    break;
  }
  return to_string(what.neurons);
}

const server& server_of(const deployed_network& in, node_index node) {
  return in.job->servers[node];
}

} // namespace

std::vector<wait_report> waits_of(const deployed_network& in,
                                  const node_statuses& all) {
  auto& seats = in.job->where.seats;
  std::vector<wait_report> out;
  std::set<group_id> waiting;
  for (node_index node = 0; node < all.size(); ++node)
    for (auto& g : all[node] ? all[node]->groups : std::vector<group_status>{})
      if (g.waits_for != wait_kind::nothing && g.waited_ms >= in_step_ms
          && g.group < seats.size() && g.of_group < seats.size()) {
        auto of = g.waits_for == wait_kind::update ? in.job->where.driver()
                                                   : seats[g.of_group].node;
        out.push_back({g, node, of});
        waiting.insert(g.group);
      }
  std::ranges::stable_partition(out, [&](const wait_report& x) {
    return !waiting.contains(x.what.of_group);
  });
  return out;
}

nlohmann::json waits_view(const deployed_network& in,
                          const node_statuses& all) {
  auto out = nlohmann::json::array();
  auto& groups = in.job->graph.groups;
  for (auto& x : waits_of(in, all))
    out.push_back(
        {{"group", x.what.group},
         {"layer", in.job->net.layers[groups[x.what.group].layer].name},
         {"node", server_of(in, x.node).number},
         {"address", server_of(in, x.node).address},
         {"for", name_of(x.what.waits_for)},
         {"of_group", x.what.of_group},
         {"of_neurons", neurons_of(groups[x.what.of_group])},
         {"of_node", server_of(in, x.of_node).number},
         {"of_address", server_of(in, x.of_node).address},
         {"step", x.what.step},
         {"micro_batch", x.what.micro_batch},
         {"seconds", static_cast<double>(x.what.waited_ms) / 1000}});
  return out;
}

std::string describe_waits(const deployed_network& in,
                           const node_statuses& all) {
  std::string out;
  for (node_index node = 0; node < all.size(); ++node)
    if (!all[node])
      out += fmt::format("; {} does not answer", name_of(server_of(in, node)));
  auto waits = waits_of(in, all);
  waits.resize(std::min(waits.size(), waits_in_an_error));
  auto& groups = in.job->graph.groups;
  for (auto& x : waits)
    out += fmt::format(
        "; group {} on {} waits for the {} of group {} (neurons {}) on {}, "
        "step "
        "{} micro-batch {}, for {:.1f} s",
        x.what.group, name_of(server_of(in, x.node)), name_of(x.what.waits_for),
        x.what.of_group, neurons_of(groups[x.what.of_group]),
        name_of(server_of(in, x.of_node)), x.what.step, x.what.micro_batch,
        static_cast<double>(x.what.waited_ms) / 1000);
  return out;
}

} // namespace nnactor
