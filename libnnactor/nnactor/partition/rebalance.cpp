#include "nnactor/partition/rebalance.hpp"

#include <algorithm>
#include <numeric>

namespace nnactor {

namespace {

/// Whole groups are good enough within this factor of the ideal, and splitting
/// must gain at least the second.
constexpr double close_to_ideal = 1.1;
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

/// Moves one group after the other from the slowest node to where it helps
/// most, as long as the slowest node's time falls.
arrangement move_groups(const network& net, arrangement now,
                        const std::vector<double>& speeds, uint32_t devices) {
  for (;;) {
    auto times = times_of(net, now, speeds);
    auto worst = slowest(times);
    auto straggler = static_cast<node_index>(std::ranges::max_element(times)
                                             - times.begin());
    std::optional<arrangement> best;
    for (auto& g : now.graph.groups) {
      if (g.kind != group_kind::neurons
          || now.where.seats[g.id].node != straggler)
        continue;
      for (node_index to = 0; to < times.size(); ++to) {
        if (to == straggler)
          continue;
        auto moved = move_group(now, g.id, to, devices);
        auto time = slowest(times_of(net, *moved, speeds));
        if (time < worst * (1 - 1e-9)) {
          worst = time;
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

double rebalancing::gain() const {
  auto after = slowest(expected);
  return after > 0 ? slowest(before) / after : 1.0;
}

rebalancing rebalance(const network& net, const arrangement& from,
                      const std::vector<double>& busy, uint32_t devices) {
  auto speeds = speeds_of(net, from, busy);
  auto before = times_of(net, from, speeds);
  auto ideal =
      std::accumulate(before.begin(), before.end(), 0.0,
                      [&, i = size_t{0}](double sum, double t) mutable {
                        return sum + t * speeds[i++];
                      })
      / std::accumulate(speeds.begin(), speeds.end(), 0.0);
  auto best = move_groups(net, from, speeds, devices);
  auto time = slowest(times_of(net, best, speeds));
  if (time > ideal * close_to_ideal) {
    auto split = split_layers(net, from, speeds, devices);
    if (slowest(times_of(net, split, speeds)) < time * worth_splitting)
      best = std::move(split);
  }
  auto expected = times_of(net, best, speeds);
  if (slowest(expected) > slowest(before) * worth_moving)
    return {from, before, before};
  return {std::move(best), std::move(before), std::move(expected)};
}

} // namespace nnactor
