#include "nnactor/engine/layer_profile.hpp"

#include "nnactor/engine/plain_loop.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace nnactor {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto time_a_split = std::chrono::milliseconds{400};
constexpr size_t least_steps = 5;

/// Every layer in so many equal groups; nothing where some has fewer neurons.
std::optional<group_graph> evenly(const network& net, uint64_t parts) {
  distribution how;
  how.per_layer = true;
  how.parts = parts;
  auto split = distribute(net, how);
  if (!split)
    return std::nullopt;
  return make_group_graph(net, *split);
}

/// Seconds of a step by group, each the median of some steps.
std::vector<double> seconds_of(const network& net, const group_graph& graph,
                               const train_settings& how, device& dev,
                               const tensor& inputs, const tensor& targets) {
  plain_loop loop{net, graph, how, dev};
  loop.step(inputs, targets); // Chooses kernels.
  std::vector<std::vector<double>> samples(graph.groups.size());
  auto end = clock::now() + time_a_split;
  while (samples[0].size() < least_steps || clock::now() < end) {
    auto before = loop.seconds();
    loop.step(inputs, targets);
    for (size_t id = 0; id < samples.size(); ++id)
      samples[id].push_back(loop.seconds()[id] - before[id]);
  }
  std::vector<double> out;
  for (auto& of : samples) {
    auto middle = of.begin() + static_cast<ptrdiff_t>(of.size() / 2);
    std::ranges::nth_element(of, middle);
    out.push_back(*middle);
  }
  return out;
}

/// The mean over the groups of a layer.
double of_layer(const std::vector<double>& seconds, const group_graph& graph,
                layer_id layer) {
  auto sum = 0.0, count = 0.0;
  for (const auto& x : graph.groups)
    if (x.kind == group_kind::neurons && x.layer == layer) {
      sum += seconds[x.id];
      ++count;
    }
  return sum / count;
}

} // namespace

void measure_work(network_work& work, const network& net,
                  const train_settings& how, device& dev, double flops,
                  const tensor& inputs, const tensor& targets) {
  auto whole = *evenly(net, 1);
  auto all = seconds_of(net, whole, how, dev, inputs, targets);
  auto halves = evenly(net, 2);
  auto half = halves ? seconds_of(net, *halves, how, dev, inputs, targets)
                     : std::vector<double>{};
  for (size_t i = 0; i < work.layers.size(); ++i) {
    auto full = of_layer(all, whole, work.layers[i]) / how.micro_batches;
    auto part =
        halves ? of_layer(half, *halves, work.layers[i]) / how.micro_batches
               : full / 2;
    auto fixed = std::clamp(2 * part - full, 0.0, full);
    work.job.layers[i].flop = (full - fixed) * flops;
    work.job.layers[i].overhead += fixed;
    // The time has what it waited for memory in it.
    work.job.layers[i].moved = 0;
  }
  // The loss is never split; it is computed where the last layer is.
  work.job.layers.back().overhead +=
      all[whole.loss_group()] / how.micro_batches;
}

} // namespace nnactor
