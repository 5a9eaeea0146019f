#include "nnactor/run/memory_check.hpp"

#include "nnactor/counting.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/run/validation_sample.hpp"

#include <algorithm>
#include <map>

namespace nnactor {

namespace {

using member = cluster_view::member;

/// What the nodes of a machine may take together, 0 if it is unknown. What they
/// have taken already is not free, but theirs.
uint64_t memory_of_host(const cluster_view& nodes, const std::string& host) {
  uint64_t most = 0;
  uint64_t taken = 0;
  for (const auto& x : nodes.members) {
    if (x.info.host != host)
      continue;
    if (x.info.free_memory == 0)
      return x.info.memory;
    most = most == 0 ? x.info.free_memory : std::min(most, x.info.free_memory);
    taken += x.info.used_memory;
  }
  return most + taken;
}

uint64_t nodes_on(const cluster_view& nodes, const std::string& host) {
  return static_cast<uint64_t>(std::ranges::count_if(
      nodes.members, [&](const member& x) { return x.info.host == host; }));
}

node_frame frame_of(const node_info& info) {
  return {info.idle_memory, info.cache};
}

/// What of a footprint lies in the memory of a node's GPUs.
uint64_t on_devices(const node_footprint& x) {
  return x.weights + x.gradients + x.optimizer + x.activations();
}

/// The rest is that of the machine, parameters included: they are at home
/// there.
uint64_t on_host(const node_footprint& x, const node_info& info) {
  return info.device_memory > 0 ? x.process + x.model() + x.buffers : x.total();
}

std::string text_of(uint64_t bytes) {
  auto x = static_cast<double>(bytes);
  return bytes < 1'000'000'000 ? fmt::format("{:.1f} MB", x / 1e6)
                               : fmt::format("{:.1f} GB", x / 1e9);
}

/// What makes the largest part of a footprint smaller.
std::string advice(const node_footprint& x, const train_settings& how,
                   uint64_t sharing) {
  auto values = x.activations() + x.buffers;
  if (!how.learns && x.process < x.model() + values)
    return "spread the model over more machines with --nodes";
  if (x.process >= std::max(x.model(), values))
    return sharing > 1 ? "start fewer nodes on that machine"
                       : "free memory on that machine";
  if (x.model() >= values)
    return "spread the neurons over more machines, or give these nodes fewer "
           "in [distribute]";
  if (x.validation > x.training)
    return how.window > 1 ? "lower train.window"
                          : "lower data.validation, or set "
                            "train.evaluate_examples, so that fewer examples "
                            "are validated with";
  if (how.window > 1)
    return "lower train.window, or raise train.micro_batches far beyond it";
  return "raise train.micro_batches, the pieces of a batch, or lower "
         "train.batch";
}

caf::error check_node(const cluster_settings& how, const train_settings& train,
                      const member& node, size_t number,
                      const node_footprint& needs) {
  const auto& info = node.info;
  auto own = info.device_memory > 0;
  auto needed = own ? on_devices(needs) : needs.total();
  auto allowed = how.memory;
  auto has = own ? info.device_memory : 0;
  if (allowed > 0)
    has = has > 0 ? std::min(has, allowed) : allowed;
  if (has == 0 || needed <= has)
    return caf::none;
  auto help = advice(needs, train, 1);
  if (has == allowed)
    help = needs.process > needs.total() / 2
               ? "raise cluster.memory"
               : fmt::format("raise cluster.memory, or {}", help);
  return fail(ec::invalid_config,
              "node {} ({}) would need {} for its {}, but {} {}; {}", number,
              node.address, text_of(needed), counted(needs.neurons, "neuron"),
              has == allowed ? "cluster.memory is" : "its GPUs have",
              text_of(has), help);
}

} // namespace

std::vector<uint64_t> memory_limits(const cluster_settings& how,
                                    const cluster_view& nodes) {
  std::vector<uint64_t> out;
  for (const auto& x : nodes.members) {
    auto has = x.info.device_memory > 0 ? x.info.device_memory
                                        : memory_of_host(nodes, x.info.host)
                                              / nodes_on(nodes, x.info.host);
    out.push_back(how.memory > 0 ? std::min(how.memory, has) : has);
  }
  return out;
}

std::vector<uint64_t> memory_for_parameters(const cluster_settings& how,
                                            const cluster_view& nodes) {
  auto out = memory_limits(how, nodes);
  for (size_t i = 0; i < out.size(); ++i) {
    const auto& info = nodes.members[i].info;
    auto process = info.device_memory > 0 ? 0 : process_bytes(frame_of(info));
    if (out[i] > 0)
      out[i] = out[i] > process ? out[i] - process : 1;
  }
  return out;
}

namespace {

std::vector<node_frame> frames_of(const cluster_view& nodes) {
  std::vector<node_frame> out;
  for (const auto& x : nodes.members)
    out.push_back(frame_of(x.info));
  return out;
}

/// Fails if the nodes of a machine together do not fit its memory, or if one
/// does not fit what it may use.
/// @param needs By node.
caf::error check(const std::vector<node_footprint>& needs,
                 const cluster_settings& how, const train_settings& train,
                 const cluster_view& nodes) {
  std::map<std::string, std::pair<node_footprint, uint64_t>> hosts;
  for (size_t i = 0; i < needs.size(); ++i) {
    const auto& node = nodes.members[i];
    if (auto err = check_node(how, train, node, i + 1, needs[i]))
      return err;
    auto& [largest, sum] = hosts[node.info.host];
    sum += on_host(needs[i], node.info);
    if (needs[i].total() > largest.total())
      largest = needs[i];
  }
  for (const auto& [host, x] : hosts) {
    auto has = memory_of_host(nodes, host);
    if (has == 0 || x.second <= has)
      continue;
    auto sharing = nodes_on(nodes, host);
    return fail(ec::invalid_config,
                "the {} on {} would need {}, but {} are free there; {}",
                sharing == 1 ? "node" : fmt::format("{} nodes", sharing), host,
                text_of(x.second), text_of(has),
                advice(x.first, train, sharing));
  }
  return caf::none;
}

} // namespace

std::vector<node_footprint> footprints(const prepared_job& job,
                                       const placement& where,
                                       const cluster_view& nodes) {
  return footprints(job.net, {job.parts, job.graph, where}, job.how.run.train,
                    validation_sample{*job.data, job.how.run}.size(),
                    frames_of(nodes));
}

caf::error check_memory(const prepared_job& job, const placement& where,
                        const cluster_view& nodes) {
  return check(footprints(job, where, nodes), job.how.cluster,
               job.how.run.train, nodes);
}

caf::error check_memory(const deployment& inference,
                        const cluster_settings& how,
                        const cluster_view& nodes) {
  auto where = place(inference.graph,
                     static_cast<uint32_t>(nodes.members.size()), how.devices);
  auto needs = footprints(
      inference.net, {inference.parts, inference.graph, where}, inference.train,
      defaults::question_examples(inference.net.answers()), frames_of(nodes));
  return check(needs, how, inference.train, nodes);
}

} // namespace nnactor
