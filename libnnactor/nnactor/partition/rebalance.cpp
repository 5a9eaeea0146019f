#include "nnactor/partition/rebalance.hpp"

#include <algorithm>
#include <numeric>

namespace nnactor {

namespace {

/// Splitting groups must gain this much over moving them whole.
constexpr double worth_splitting = 0.95;

/// A move stops the job for a moment; less than this is noise.
constexpr double worth_moving = 0.95;

double slowest(const std::vector<double>& seconds) {
  return seconds.empty() ? 0.0 : *std::ranges::max_element(seconds);
}

/// Work a second of every node.
std::vector<double> speeds_of(const network& net, const arrangement& from,
                              const std::vector<double>& busy) {
  std::vector<double> work(from.where.nodes);
  std::vector<double> time(from.where.nodes);
  for (auto& g : from.graph.groups)
    if (g.kind == group_kind::neurons) {
      work[from.where.seats[g.id].node] += work_of(net, g);
      time[from.where.seats[g.id].node] += busy[g.id];
    }
  std::vector<double> speeds(work.size());
  for (size_t i = 0; i < speeds.size(); ++i)
    speeds[i] = time[i] > 0 ? work[i] / time[i] : 0;
  auto fastest = std::max(slowest(speeds), 1e-9);
  std::ranges::replace(speeds, 0.0, fastest);
  return speeds;
}

std::vector<double> times_of(const network& net, const arrangement& of,
                             const std::vector<double>& speeds) {
  std::vector<double> times(speeds.size());
  for (auto& g : of.graph.groups)
    if (g.kind == group_kind::neurons) {
      auto node = of.where.seats[g.id].node;
      times[node] += work_of(net, g) / speeds[node];
    }
  return times;
}

/// How long a step takes on nodes of some speeds.
class cost_model {
public:
  cost_model(const network& net, std::vector<double> speeds,
             uint32_t micro_batches)
      : net_(net), speeds_(std::move(speeds)), micro_batches_(micro_batches) {
  }

  const std::vector<double>& speeds() const {
    return speeds_;
  }

  std::vector<double> times_of(const arrangement& of) const {
    return nnactor::times_of(net_, of, speeds_);
  }

  double step_time(const arrangement& of) const {
    std::vector<double> slowest_group(net_.layers.size());
    for (auto& g : of.graph.groups)
      if (g.kind == group_kind::neurons) {
        auto time = work_of(net_, g) / speeds_[of.where.seats[g.id].node];
        slowest_group[g.layer] = std::max(slowest_group[g.layer], time);
      }
    auto pass =
        std::accumulate(slowest_group.begin(), slowest_group.end(), 0.0);
    return slowest(times_of(of)) + pass / micro_batches_;
  }

private:
  const network& net_;
  std::vector<double> speeds_;
  double micro_batches_;
};

/// Moves one group after the other from the slowest node to where it helps
/// most, as long as the slowest node's time falls.
arrangement move_groups(arrangement now, const cost_model& cost,
                        uint32_t devices) {
  for (;;) {
    auto times = cost.times_of(now);
    auto least = cost.step_time(now);
    auto straggler = static_cast<node_index>(std::ranges::max_element(times)
                                             - times.begin());
    std::optional<arrangement> best;
    for (auto& g : now.graph.groups) {
      if (g.kind != group_kind::neurons || g.borrows()
          || now.where.seats[g.id].node != straggler)
        continue;
      for (node_index to = 0; to < times.size(); ++to) {
        if (to == straggler)
          continue;
        auto moved = move_group(now, g.id, to, devices);
        auto time = cost.step_time(*moved);
        if (time < least * (1 - 1e-9)) {
          least = time;
          best = std::move(*moved);
        }
      }
    }
    if (!best)
      return now;
    now = std::move(*best);
  }
}

/// Neurons of `total` that each node should have: the share of its speed, by
/// the largest remainder.
std::vector<uint64_t> shares(uint64_t total,
                             const std::vector<double>& speeds) {
  auto sum = std::accumulate(speeds.begin(), speeds.end(), 0.0);
  std::vector<uint64_t> out;
  std::vector<std::pair<double, size_t>> remainders;
  uint64_t left = total;
  for (size_t i = 0; i < speeds.size(); ++i) {
    auto quota = static_cast<double>(total) * speeds[i] / sum;
    out.push_back(std::min(left, static_cast<uint64_t>(quota)));
    left -= out.back();
    remainders.emplace_back(static_cast<double>(out.back()) - quota, i);
  }
  std::ranges::sort(remainders);
  for (size_t i = 0; left > 0; i = (i + 1) % remainders.size(), --left)
    ++out[remainders[i].second];
  return out;
}

/// The last `count` neurons of a set.
neuron_set last_of(const neuron_set& of, uint64_t count) {
  auto first = of.id_at(of.size() - count);
  return intersect(of, neuron_set::range(first, of.id_at(of.size() - 1) + 1));
}

/// Splits every layer in proportion to the speeds: what a node has too much of
/// goes to those that lack some.
arrangement split_layers(const network& net, const arrangement& from,
                         const std::vector<double>& speeds, uint32_t devices) {
  std::vector<regrouping> steps;
  for (layer_id id = 0; id < net.layers.size(); ++id) {
    if (!has_neurons(net.layers[id].kind))
      continue;
    auto wanted = shares(net.layers[id].units, speeds);
    std::vector<neuron_set> have(speeds.size());
    for (auto& g : from.graph.groups)
      if (g.kind == group_kind::neurons && g.layer == id) {
        auto& mine = have[from.where.seats[g.id].node];
        mine = unite(mine, g.neurons);
      }
    size_t taker = 0;
    for (size_t giver = 0; giver < have.size(); ++giver)
      while (have[giver].size() > wanted[giver]) {
        while (have[taker].size() >= wanted[taker])
          ++taker;
        auto count = std::min(have[giver].size() - wanted[giver],
                              wanted[taker] - have[taker].size());
        auto moved = last_of(have[giver], count);
        have[giver] = subtract(have[giver], moved);
        have[taker] = unite(have[taker], moved);
        steps.push_back({std::move(moved), static_cast<node_index>(taker)});
      }
  }
  return steps.empty() ? from : regroup(net, from, steps, devices);
}

} // namespace

rebalancing rebalance(const network& net, const arrangement& from,
                      const std::vector<double>& busy, uint32_t micro_batches,
                      uint32_t devices) {
  auto cost = cost_model{net, speeds_of(net, from, busy), micro_batches};
  auto before = cost.times_of(from);
  auto best = move_groups(from, cost, devices);
  auto split = split_layers(net, from, cost.speeds(), devices);
  if (cost.step_time(split) < cost.step_time(best) * worth_splitting)
    best = std::move(split);
  if (cost.step_time(best) > cost.step_time(from) * worth_moving)
    return {from, before, before, 1};
  auto expected = cost.times_of(best);
  auto gain = cost.step_time(from) / cost.step_time(best);
  return {std::move(best), std::move(before), std::move(expected), gain};
}

} // namespace nnactor
