#include "bench/probes.hpp"

#include "bench/stopwatch.hpp"

#include "nnactor/cluster/link.hpp"
#include "nnactor/defaults.hpp"
#include "nnactor/group/core.hpp"
#include "nnactor/run/job.hpp"

#include <caf/send.hpp>

#include <chrono>
#include <future>
#include <limits>
#include <semaphore>
#include <thread>

namespace nnactor {

namespace {

constexpr uint64_t hops = 5000; ///< In a round; the fastest round counts.
constexpr auto hop_time = std::chrono::milliseconds{200};
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
  std::binary_semaphore* done = nullptr;
};

using player_pointer = player_actor::stateful_pointer<player_state>;

player_actor::behavior_type play(player_pointer self,
                                 std::binary_semaphore* done) {
  self->state.done = done;
  return {
      [self](uint64_t left) {
        if (left == 0)
          self->state.done->release();
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

} // namespace

network one_layer(uint64_t inputs, uint64_t units) {
  network_description what;
  auto& layer = what.layers.emplace_back();
  layer.name = "all";
  layer.units = units;
  what.loss = layer_kind::mean_squared_error;
  return *build_network(what, {inputs, 0, units});
}

double hop_us(caf::actor_system& system) {
  std::binary_semaphore done{0};
  auto cpus = std::thread::hardware_concurrency();
  auto pin = [&](uint32_t i) {
    return i < cpus ? std::optional{i} : std::nullopt;
  };
  std::vector<player_actor> players;
  for (uint32_t i = 0; i < 2; ++i)
    players.push_back(spawn_on<player_state, player_actor>(
        system, std::make_shared<core>(system, pin(i)), play, &done));
  caf::anon_send(players[1], caf::actor_cast<caf::actor>(players[0]),
                 uint64_t{0});
  auto best = std::numeric_limits<double>::infinity();
  for (auto end = stopwatch::now() + hop_time; stopwatch::now() < end;) {
    auto start = stopwatch::now();
    caf::anon_send(players[0], caf::actor_cast<caf::actor>(players[1]), hops);
    done.acquire();
    best = std::min(best, seconds_since(start));
  }
  for (auto& x : players)
    caf::anon_send_exit(x, caf::exit_reason::kill);
  return best * 1e6 / hops;
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

result<remote_end> open_remote(const cluster_settings& how,
                               const temporary_folder& folder) {
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

} // namespace nnactor
