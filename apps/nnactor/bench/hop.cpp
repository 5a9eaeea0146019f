#include "bench/bench.hpp"
#include "bench/probes.hpp"
#include "bench/raw_tcp.hpp"
#include "bench/stopwatch.hpp"
#include "bench/temporary_folder.hpp"

#include "nnactor/group/core.hpp"
#include "nnactor/group/neuron_group.hpp"

#include <caf/send.hpp>

#include <chrono>

namespace nnactor {

namespace {

// -- groups -------------------------------------------------------------------

/// Time a message that each of `count` groups on one core gets in turn.
double per_group_ns(caf::actor_system& system, uint64_t count) {
  auto net = one_layer(1, count);
  partition parts;
  for (neuron_id id = 0; id < count; ++id)
    parts.parts.push_back(neuron_set::range(id, id + 1));
  auto graph = make_group_graph(net, parts);
  auto where = std::make_shared<core>(system, std::nullopt);
  train_settings train;
  std::vector<group_actor> groups;
  for (auto& g : graph.groups)
    if (g.kind == group_kind::neurons) {
      auto how = group_settings{};
      how.members = {g};
      groups.push_back(spawn_on<neuron_group_state, group_actor>(
          system, where, neuron_group, std::move(how),
          std::vector{
              std::make_shared<group_program>(net, graph, g.id, train)}));
    }
  auto rounds = std::max<uint64_t>(1, 400000 / count);
  caf::scoped_actor self{system};
  auto settle = [&] {
    self->request(groups.back(), std::chrono::minutes{1}, status_atom::value,
                  group_id{0})
        .receive([](const group_status&) {}, [](const caf::error&) {});
  };
  settle();
  auto start = stopwatch::now();
  for (uint64_t i = 0; i < rounds; ++i) {
    // An update of another step: taken, looked at, dropped.
    for (auto& g : groups)
      caf::anon_send(g, update_atom::value, uint64_t{1} << 40, uint32_t{0});
    settle();
  }
  auto out = seconds_since(start) * 1e9 / static_cast<double>(rounds * count);
  for (auto& g : groups)
    caf::anon_send_exit(g, caf::exit_reason::kill);
  settle();
  return out;
}

} // namespace

result<figures> run(const hop_bench& how) {
  auto tcp = measure_raw_tcp(how.bulk_bytes);
  if (!tcp)
    return tcp.error();
  temporary_folder folder;
  cluster_settings one;
  one.nodes = 1;
  auto remote = open_remote(one, folder);
  if (!remote)
    return remote.error();
  auto& system = remote->cluster->system();
  auto& member = remote->network->cluster.members.front();
  auto& job = *remote->network->job;
  auto hop = hop_us(system);
  auto trip = round_trip_us(system, member.node);
  if (!trip)
    return trip.error();
  figures out = {
      {"in_process_hop_us", hop, 2, "us, from one core's actor to another's"},
      {"remote_rtt_us", *trip, 1, "us, a request to another process"},
      {"raw_tcp_rtt_us", tcp->round_trip_us, 1, "us, 64 bytes over TCP"},
      {"rtt_over_raw_tcp", *trip / tcp->round_trip_us, 2, "ratio"},
      {"raw_tcp_gb_s", tcp->gb_per_s, 2, "GB/s, writes of 1 MiB"},
  };
  auto work = work_id{job.epoch, 0, phase::infer, 0};
  for (auto [name, bytes] : {std::pair{"64_kib", uint64_t{64} << 10},
                             {"1_mib", uint64_t{1} << 20},
                             {"16_mib", uint64_t{16} << 20}})
    out.push_back({fmt::format("bulk_{}_gb_s", name),
                   bulk_gb_s(system, member.gate, work, job.graph.loss_group(),
                             bytes, how.bulk_bytes),
                   2, "GB/s, tensors of that size over a link"});
  for (uint64_t count : {100, 1000, 10000, 100000})
    out.push_back({fmt::format("per_group_{}_ns", count),
                   per_group_ns(system, count), 0,
                   "ns a message, with that many groups"});
  return out;
}

} // namespace nnactor
