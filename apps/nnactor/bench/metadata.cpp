#include "bench/bench.hpp"
#include "bench/stopwatch.hpp"
#include "bench/temporary_folder.hpp"

#include "nnactor/run/controller.hpp"
#include "nnactor/run/job.hpp"

#include <algorithm>

namespace nnactor {

namespace {

// Nodes share a few processes, each with an actor system and a port of its own,
// so that every message between them crosses a socket.
constexpr uint32_t processes = 4;

constexpr uint64_t width = 16;
constexpr int questions = 50;

/// A chain of layers, one a node: every node has two neighbours, however long
/// the chain is.
deployment chain(uint32_t nodes) {
  network_description what;
  for (uint32_t i = 0; i < nodes; ++i) {
    auto& layer = what.layers.emplace_back();
    layer.name = fmt::format("layer {}", i);
    layer.units = width;
  }
  what.loss = layer_kind::mean_squared_error;
  deployment job;
  job.epoch = any_epoch();
  job.net = *build_network(what, {width, 0, width});
  for (uint32_t i = 0; i < nodes; ++i)
    job.parts.parts.push_back(job.net.layers[i + 1].neurons());
  job.graph = make_group_graph(job.net, job.parts);
  job.model = std::string{"m"};
  return job;
}

struct measurement {
  uint64_t table_bytes = 0; ///< Of the node with the largest table.
  double wire_ms = 0;       ///< Meeting, connecting, setting up.
  double invocation_us = 0; ///< One group's call of the next, on another node.
};

result<measurement> measure(uint32_t nodes) {
  temporary_folder folder;
  std::vector<node_process> running;
  cluster_settings where;
  for (uint32_t i = 0; i < std::min(processes, nodes); ++i) {
    auto count = nodes / processes + (i < nodes % processes ? 1 : 0);
    auto state = folder.file(fmt::format("state-{}", i));
    auto node = node_process::start(
        this_program(), {"--store", folder.file("models"), "--state", state,
                         "--count", fmt::format("{}", count)});
    if (!node)
      return node.error();
    auto& found = node->addresses();
    where.addresses.insert(where.addresses.end(), found.begin(), found.end());
    running.push_back(std::move(*node));
  }
  auto cluster =
      controller::make({where, folder.file("m"), folder.file("nodes")});
  if (!cluster)
    return cluster.error();
  auto start = stopwatch::now();
  if (auto joined = (*cluster)->join(); !joined)
    return joined.error();
  auto network = (*cluster)->open_inference(chain(nodes));
  if (!network)
    return network.error();
  measurement out;
  out.wire_ms = seconds_since(start) * 1e3;
  for (auto& report : (*network)->reports)
    out.table_bytes = std::max(out.table_bytes, report.table_bytes);
  tensor_builder<float> question{{1, width}};
  std::ranges::fill(question.values(), 0.5f);
  auto asked = std::move(question).share();
  for (int i = -5; i < questions; ++i) {
    if (i == 0)
      start = stopwatch::now();
    if (auto answer = (*cluster)->infer(asked); !answer)
      return answer.error();
  }
  // From the driver along the chain, and back.
  out.invocation_us = seconds_since(start) * 1e6 / questions / (nodes + 1);
  return out;
}

} // namespace

result<figures> run(const metadata_bench& how) {
  figures out;
  for (auto nodes : how.nodes) {
    auto x = measure(nodes);
    if (!x)
      return x.error();
    out.push_back(
        {fmt::format("table_bytes_{}", nodes),
         static_cast<double>(x->table_bytes), 0,
         fmt::format("bytes of the largest table on {} nodes", nodes)});
    out.push_back({fmt::format("wire_ms_{}", nodes), x->wire_ms, 1,
                   "ms to meet, connect and set up all of them"});
    out.push_back({fmt::format("invocation_us_{}", nodes), x->invocation_us, 1,
                   "us, one group's call of the next, on another node"});
  }
  return out;
}

} // namespace nnactor
