#include "nnactor/run/job_view.hpp"

#include "nnactor/counting.hpp"

#include <algorithm>
#include <map>

namespace nnactor {

namespace {

constexpr double ns_per_ms = 1e6;
constexpr double ns_per_us = 1e3;

/// Mean time a step that the blocks of a group took, in ns.
double busy_of(const group_status& what, uint64_t deployed_at) {
  auto steps = what.version > deployed_at ? what.version - deployed_at : 0;
  return steps > 0
             ? static_cast<double>(what.busy_ns) / static_cast<double>(steps)
             : 0.0;
}

nlohmann::json numbered(const std::vector<server>& servers,
                        const std::vector<double>& before,
                        const std::vector<double>& expected) {
  auto out = nlohmann::json::array();
  for (size_t i = 0; i < before.size(); ++i)
    out.push_back({{"node", servers[i].number},
                   {"busy_ms_before", before[i] * 1000},
                   {"busy_ms_expected", expected[i] * 1000}});
  return out;
}

} // namespace

nlohmann::json nodes_view(const deployed_network& in, const node_statuses& all,
                          const std::vector<uint64_t>& sent,
                          const std::vector<roster::entry>& gone) {
  auto nodes = nlohmann::json::array();
  for (size_t i = 0; i < in.cluster.members.size(); ++i) {
    auto& m = in.cluster.members[i];
    auto busy = 0.0;
    if (all[i])
      for (auto& g : all[i]->groups)
        busy += busy_of(g, in.job->step);
    nodes.push_back({{"node", in.job->servers[i].number},
                     {"address", m.address},
                     {"host", m.info.host},
                     {"process", m.info.process},
                     {"cores", m.info.cores},
                     {"memory", m.info.memory},
                     {"used_memory", all[i] ? all[i]->memory : 0},
                     {"device", m.info.device},
                     {"devices", m.info.devices},
                     {"groups", in.reports[i].groups},
                     {"neurons", in.reports[i].neurons},
                     {"parameters", in.reports[i].parameters},
                     {"busy_ms", busy / ns_per_ms},
                     {"sent_bytes", sent[i]}});
  }
  auto absent = nlohmann::json::array();
  for (auto& x : gone)
    absent.push_back({{"node", x.number},
                      {"address", x.address},
                      {"step", x.step},
                      {"lost", x.now == roster::fate::lost},
                      {"text", describe(x)}});
  auto& where = in.job->where;
  auto groups =
      std::ranges::count(where.seats, where.driver(), &placement::seat::node);
  return {{"command", "nodes"},
          {"nodes", nodes},
          {"driver", {{"groups", static_cast<uint64_t>(groups)}}},
          {"gone", absent}};
}

nlohmann::json groups_view(const deployed_network& in,
                           const node_statuses& all) {
  std::map<group_id, double> busy;
  for (auto& node : all)
    for (auto& g : node ? node->groups : std::vector<group_status>{})
      busy[g.group] = busy_of(g, in.job->step);
  auto groups = nlohmann::json::array();
  auto& job = *in.job;
  for (auto& g : job.graph.groups) {
    auto seat = job.where.seats[g.id];
    groups.push_back({{"group", g.id},
                      {"layer", job.net.layers[g.layer].name},
                      {"part", g.part},
                      {"neurons", to_string(g.neurons)},
                      {"size", g.neurons.size()},
                      {"node", job.servers[seat.node].number},
                      {"address", job.servers[seat.node].address},
                      {"device", seat.device},
                      {"busy_us", busy[g.id] / ns_per_us},
                      {"reads", ends_of(g.upstream)},
                      {"read_by", ends_of(g.downstream)}});
  }
  return {{"command", "groups"}, {"groups", groups}};
}

nlohmann::json layers_view(const deployment& job) {
  auto layers = nlohmann::json::array();
  for (layer_id id = 0; id < job.net.layers.size(); ++id) {
    auto& x = job.net.layers[id];
    std::vector<std::string> reads;
    for (auto input : x.inputs)
      reads.push_back(job.net.layers[input].name);
    std::vector<group_id> groups;
    for (auto& g : job.graph.groups)
      if (g.layer == id && g.kind != group_kind::target)
        groups.push_back(g.id);
    layers.push_back({{"name", x.name},
                      {"kind", to_string(x.kind)},
                      {"activation", to_string(x.act)},
                      {"units", x.units},
                      {"first", x.first},
                      {"last", x.units > 0 ? x.first + x.units - 1 : x.first},
                      {"parameters", x.parameters()},
                      {"reads", reads},
                      {"groups", groups}});
  }
  return {{"command", "layers"}, {"layers", layers}};
}

nlohmann::json moves_view(const std::vector<server>& between,
                          const std::vector<transfer>& moves) {
  auto out = nlohmann::json::array();
  for (auto& x : moves) {
    nlohmann::json one = {{"neurons", to_string(x.neurons)},
                          {"from", between[x.from].number},
                          {"to", between[x.to].number}};
    if (x.group)
      one["group"] = *x.group;
    out.push_back(std::move(one));
  }
  return out;
}

nlohmann::json rebalance_view(const rebalancing& what,
                              const std::vector<server>& servers) {
  return {{"nodes", numbered(servers, what.before, what.expected)},
          {"gain", what.gain}};
}

// One phrase a pair of nodes: a split moves a piece of every layer.
std::string describe(const std::vector<server>& between,
                     const std::vector<transfer>& moves) {
  struct load {
    std::vector<group_id> groups;
    uint64_t neurons = 0; ///< Of groups that were split.
  };
  std::map<std::pair<node_index, node_index>, load> loads;
  for (auto& x : moves) {
    auto& to = loads[{x.from, x.to}];
    if (x.group)
      to.groups.push_back(*x.group);
    else
      to.neurons += x.neurons.size();
  }
  std::vector<std::string> phrases;
  for (auto& [way, what] : loads) {
    auto groups =
        what.groups.empty()
            ? ""
            : fmt::format("group{} {}", what.groups.size() == 1 ? "" : "s",
                          fmt::join(what.groups, ", "));
    auto neurons = what.neurons > 0 ? counted(what.neurons, "neuron") : "";
    auto both = what.neurons > 0 && !what.groups.empty() ? " and " : "";
    phrases.push_back(fmt::format("{}{}{} from {} to {}", groups, both, neurons,
                                  name_of(between[way.first]),
                                  name_of(between[way.second])));
  }
  return phrases.empty() ? "moved nothing"
                         : fmt::format("moved {}", fmt::join(phrases, "; "));
}

} // namespace nnactor
