#include "bench.hpp"
#include "raw_tcp.hpp"
#include "stopwatch.hpp"
#include "temporary_folder.hpp"

#include "nnactor/cluster/link.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/group/core.hpp"
#include "nnactor/group/neuron_group.hpp"
#include "nnactor/run/controller.hpp"
#include "nnactor/run/job.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <future>
#include <thread>

namespace nnactor {

namespace {

constexpr uint64_t hops = 200000;
constexpr uint64_t round_trips = 5000;
constexpr uint64_t widest = 4 << 20; ///< Columns: 16 MiB of floats.

// -- actors that answer -------------------------------------------------------

/// Sends a message to its partner, as often as it says.
using player_actor = caf::typed_actor<caf::reacts_to<uint64_t>,
                                      caf::reacts_to<caf::actor, uint64_t>>;

struct player_state {
  static inline const char* name = "player";
  player_state() = default;
  caf::actor partner;
  std::promise<void>* done = nullptr;
};

using player_pointer = player_actor::stateful_pointer<player_state>;

player_actor::behavior_type play(player_pointer self,
                                 std::promise<void>* done) {
  self->state.done = done;
  return {
      [self](uint64_t left) {
        if (left == 0)
          self->state.done->set_value();
        else
          self->send(caf::actor_cast<player_actor>(self->state.partner),
                     left - 1);
      },
      [self](const caf::actor& partner, uint64_t left) {
        self->state.partner = partner;
        if (left > 0)
          self->send(caf::actor_cast<player_actor>(partner), left);
      },
  };
}

double hop_us(caf::actor_system& system) {
  std::promise<void> done;
  auto cpus = std::thread::hardware_concurrency();
  auto pin = [&](uint32_t i) {
    return i < cpus ? std::optional{i} : std::nullopt;
  };
  std::vector<player_actor> players;
  for (uint32_t i = 0; i < 2; ++i)
    players.push_back(spawn_on<player_state, player_actor>(
        system, std::make_shared<core>(system, pin(i)), play, &done));
  auto start = stopwatch::now();
  caf::anon_send(players[1], caf::actor_cast<caf::actor>(players[0]),
                 uint64_t{0});
  caf::anon_send(players[0], caf::actor_cast<caf::actor>(players[1]), hops);
  done.get_future().wait();
  auto out = seconds_since(start) * 1e6 / hops;
  for (auto& x : players)
    caf::anon_send_exit(x, caf::exit_reason::kill);
  return out;
}

/// Asks a node for its traffic, again and again.
using asker_actor = caf::typed_actor<caf::reacts_to<uint64_t>>;

struct asker_state {
  static inline const char* name = "asker";
  asker_state() = default;
  node_actor node;
  std::promise<bool>* done = nullptr;
};

using asker_pointer = asker_actor::stateful_pointer<asker_state>;

asker_actor::behavior_type ask(asker_pointer self, node_actor node,
                               std::promise<bool>* done) {
  self->state.node = std::move(node);
  self->state.done = done;
  return {[self](uint64_t left) {
    if (left == 0)
      return self->state.done->set_value(true);
    self->request(self->state.node, std::chrono::seconds{10},
                  traffic_atom::value)
        .then([=](uint64_t) { self->send(self, left - 1); },
              [=](const caf::error&) { self->state.done->set_value(false); });
  }};
}

result<double> round_trip_us(caf::actor_system& system,
                             const node_actor& node) {
  std::promise<bool> done;
  auto asker = spawn_on<asker_state, asker_actor>(
      system, std::make_shared<core>(system, std::nullopt), ask, node, &done);
  auto start = stopwatch::now();
  caf::anon_send(asker, round_trips);
  auto answered = done.get_future().get();
  auto out = seconds_since(start) * 1e6 / round_trips;
  caf::anon_send_exit(asker, caf::exit_reason::kill);
  if (!answered)
    return fail(ec::timeout, "the node did not answer");
  return out;
}

// -- bulk ---------------------------------------------------------------------

/// Tensors through a link to a gate, which puts them together and finds nobody
/// who reads them.
double bulk_gb_s(caf::actor_system& system, const gate_actor& gate,
                 const work_id& work, group_id nobody, uint64_t tensor_bytes,
                 uint64_t total) {
  auto traffic = std::make_shared<std::atomic<uint64_t>>(0);
  auto link = system.spawn(run_link, gate, traffic, false);
  auto values = tensor_builder<float>{{1, tensor_bytes / sizeof(float)}};
  std::ranges::fill(values.values(), 1.0f);
  auto shared = std::move(values).share();
  auto start = stopwatch::now();
  auto id = work;
  for (uint64_t sent = 0; sent < total; sent += tensor_bytes) {
    id.step = sent;
    caf::anon_send(
        link, tensor_message{{id, 0, direction::forward, nobody, 0}, shared});
  }
  // What has left the link has been received but for a window.
  while (*traffic < total)
    std::this_thread::sleep_for(std::chrono::microseconds{200});
  auto out = static_cast<double>(total - defaults::link_window_bytes) / 1e9
             / seconds_since(start);
  caf::anon_send_exit(link, caf::exit_reason::user_shutdown);
  return out;
}

// -- groups -------------------------------------------------------------------

network one_layer(uint64_t inputs, uint64_t units) {
  network_description what;
  auto& layer = what.layers.emplace_back();
  layer.name = "all";
  layer.units = units;
  what.loss = layer_kind::mean_squared_error;
  return *build_network(what, {inputs, 0, units});
}

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
      how.description = g;
      groups.push_back(spawn_on<neuron_group_state, group_actor>(
          system, where, neuron_group, std::move(how),
          std::make_shared<group_program>(net, graph, g.id, train)));
    }
  auto rounds = std::max<uint64_t>(1, 400000 / count);
  caf::scoped_actor self{system};
  auto settle = [&] {
    self->request(groups.back(), std::chrono::minutes{1}, status_atom::value)
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

// -- together -----------------------------------------------------------------

struct remote_end {
  std::unique_ptr<controller> cluster;
  deployed_ptr network;
};

result<remote_end> open_remote(const temporary_folder& folder) {
  cluster_settings how;
  how.nodes = 1;
  remote_end out;
  auto cluster =
      controller::make({how, folder.file("m"), folder.file("nodes")});
  if (!cluster)
    return cluster.error();
  out.cluster = std::move(*cluster);
  if (auto joined = out.cluster->join(); !joined)
    return joined.error();
  deployment job;
  job.epoch = any_epoch();
  job.net = one_layer(widest, 1);
  job.parts = {{neuron_set::range(0, 1)}};
  job.graph = make_group_graph(job.net, job.parts);
  job.model = "m";
  auto network = out.cluster->open_inference(job);
  if (!network)
    return network.error();
  out.network = *network;
  return out;
}

} // namespace

result<figures> run(const hop_bench& how) {
  auto tcp = measure_raw_tcp(how.bulk_bytes);
  if (!tcp)
    return tcp.error();
  temporary_folder folder;
  auto remote = open_remote(folder);
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
