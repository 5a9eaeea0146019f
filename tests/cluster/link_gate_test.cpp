#include "nnactor/cluster/gate.hpp"
#include "nnactor/cluster/link.hpp"
#include "nnactor/defaults.hpp"
#include "support/networks.hpp"
#include "support/simulation.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr uint64_t epoch = 4;

struct held_gate {
  std::vector<tensor_piece> pieces;
  uint64_t bytes = 0;
};

/// A gate that takes everything and never gives credit.
gate_actor spawn_mute_gate(actor_world& in, std::shared_ptr<held_gate> held) {
  return in.adopt(in.system().spawn(
      [held](gate_actor::pointer) -> gate_actor::behavior_type {
        return {
            [held](const tensor_piece& piece) {
              held->pieces.push_back(piece);
              held->bytes += piece.bytes.size();
            },
            [](const routing_ptr&) {},
        };
      }));
}

/// A link as a gate sees it.
link_actor spawn_fake_link(actor_world& in, std::shared_ptr<uint64_t> credit) {
  return in.adopt(in.system().spawn(
      [credit](link_actor::pointer) -> link_actor::behavior_type {
        return {[](const tensor_message&) {},
                [credit](credit_atom, uint64_t bytes) { *credit += bytes; }};
      }));
}

tensor_message message(group_id producer, shape extent, uint64_t step = 0) {
  return {{{epoch, step, phase::train, 0}, 1, direction::forward, producer, 0},
          ramp(extent)};
}

/// The gate of node 1 of two: a network whose groups are all there but those
/// of the first part.
struct second_node {
  explicit second_node(network what = small_regression())
      : net(std::move(what)) {
    std::vector<neuron_id> even, odd;
    for (neuron_id id = 0; id < net.neuron_count(); ++id)
      (id % 2 ? odd : even).push_back(id);
    graph = make_group_graph(net, {{neuron_set::of(std::move(even)),
                                    neuron_set::of(std::move(odd))}});
    where = place(graph, 2, 1);
    gate = world.adopt(world.system().spawn(run_gate));
    routing routes =
        make_routing(epoch, connection_table{net, graph, where, 1}, graph, {});
    for (auto& x : graph.groups)
      if (where.seats[x.id].node == 1) {
        got[x.id] = std::make_shared<std::vector<tensor_message>>();
        routes.groups.emplace(x.id, spawn_sink(world, got[x.id]));
      }
    this->routes = std::make_shared<const routing>(std::move(routes));
    caf::anon_send(gate, this->routes);
    world.settle();
  }

  gate_state& state() {
    return state_of<gate_state>(gate);
  }

  void send(const tensor_message& what, size_t limit = defaults::piece_bytes) {
    for (auto& piece : cut(what, limit))
      caf::anon_send(gate, piece);
    world.settle();
  }

  actor_world world;
  network net;
  group_graph graph;
  placement where;
  gate_actor gate;
  routing_ptr routes;
  std::map<group_id, tensor_record> got;
};

} // namespace

TEST_CASE("a link whose gate is silent holds at most its window under way") {
  actor_world world;
  auto held = std::make_shared<held_gate>();
  traffic_counter traffic = std::make_shared<std::atomic<uint64_t>>(0);
  auto link = world.adopt(world.system().spawn(
      run_link, spawn_mute_gate(world, held), traffic, false));
  // 40 MiB.
  for (uint64_t i = 0; i < 10; ++i)
    caf::anon_send(link, message(2, {1024, 1024}, i));
  world.settle();
  CHECK(held->bytes == defaults::link_window_bytes);
  CHECK(traffic->load() == held->bytes);
  for (auto& piece : held->pieces)
    CHECK(piece.bytes.size() <= defaults::piece_bytes);
}

TEST_CASE("credit lets on as many bytes as it says, never more than sent") {
  actor_world world;
  auto held = std::make_shared<held_gate>();
  traffic_counter traffic = std::make_shared<std::atomic<uint64_t>>(0);
  auto link = world.adopt(world.system().spawn(
      run_link, spawn_mute_gate(world, held), traffic, false));
  for (uint64_t i = 0; i < 10; ++i)
    caf::anon_send(link, message(2, {1024, 1024}, i));
  caf::anon_send(link, credit_atom::value, uint64_t{2 * defaults::piece_bytes});
  world.settle();
  CHECK(held->bytes == defaults::link_window_bytes + 2 * defaults::piece_bytes);
  // A gate that gives back more than it got does not widen the window.
  caf::anon_send(link, credit_atom::value, ~uint64_t{0});
  world.settle();
  CHECK(held->bytes
        == 2 * defaults::link_window_bytes + 2 * defaults::piece_bytes);
}

TEST_CASE("a link takes half the bytes of what was rounded, all of the rest") {
  for (auto value : {0.5f, 0.1f}) {
    CAPTURE(value);
    actor_world world;
    auto held = std::make_shared<held_gate>();
    traffic_counter traffic = std::make_shared<std::atomic<uint64_t>>(0);
    auto link = world.adopt(world.system().spawn(
        run_link, spawn_mute_gate(world, held), traffic, true));
    auto what = message(2, {3, 4});
    tensor_builder<float> values{{3, 4}};
    std::ranges::fill(values.values(), 0.5f);
    values.values()[11] = value;
    what.value = std::move(values).share();
    caf::anon_send(link, what);
    world.settle();
    auto rounded = value == 0.5f;
    REQUIRE(held->pieces.size() == 1);
    CHECK(held->pieces[0].type == (rounded ? dtype::bf16 : dtype::f32));
    CHECK(held->bytes == (rounded ? 24 : 48));
  }
}

TEST_CASE("a gate and a link keep each other going, in order and in bounds") {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    actor_world world{seed};
    auto got = std::make_shared<std::vector<tensor_message>>();
    auto gate = world.adopt(world.system().spawn(run_gate));
    auto net = small_regression();
    auto graph = make_group_graph(
        net, {{neuron_set::range(0, 8), neuron_set::range(8, 15)}});
    auto where = place(graph, 2, 1);
    routing routes =
        make_routing(epoch, connection_table{net, graph, where, 1}, graph, {});
    routes.max_columns = 4096;
    routes.groups.emplace(3, spawn_sink(world, got));
    caf::anon_send(gate, routing_ptr{std::make_shared<const routing>(routes)});
    world.settle();
    traffic_counter traffic = std::make_shared<std::atomic<uint64_t>>(0);
    auto link =
        world.adopt(world.system().spawn(run_link, gate, traffic, false));
    for (uint64_t i = 0; i < 8; ++i)
      caf::anon_send(link, message(2, {500, 4096}, i));
    world.settle();
    REQUIRE(got->size() == 8);
    for (uint64_t i = 0; i < 8; ++i)
      CHECK((*got)[i].key.work.step == i);
    CHECK(traffic->load() == 8 * 500 * 4096 * sizeof(float));
  }
}

TEST_CASE("a gate hands a tensor once to every local group that reads it") {
  second_node x;
  // Group 2, the first part of the hidden layer, is on node 0.
  x.send(message(2, {5, 4}), 7);
  auto readers = ends_of(x.graph.groups[2].downstream);
  size_t local = 0;
  for (auto& [id, record] : x.got) {
    auto reads = std::ranges::count(readers, id) > 0;
    CHECK(record->size() == (reads ? 1 : 0));
    local += reads;
  }
  CHECK(local == 1);
  CHECK(x.state().refused == 0);
}

TEST_CASE("a gradient goes to the one group whose output it is of") {
  second_node x;
  auto what = message(4, {5, 4});
  what.key.way = direction::backward;
  what.key.consumer = 3;
  x.send(what);
  for (auto& [id, record] : x.got)
    CHECK(record->size() == (id == 3 ? 1 : 0));
  // A group that is not here.
  what.key.consumer = 2;
  x.send(what);
  what.key.consumer = 4711;
  x.send(what);
  CHECK(x.got[3]->size() == 1);
}

TEST_CASE("what is cut goes to the one group that it is for, in any order") {
  second_node x{small_gpt(1, 6, 2, 3, 5)};
  // The tables of the first part are cut for the stream's groups in both; all
  // of that part's stream goes to whoever reads it.
  auto first = [&](const char* name) {
    return std::ranges::find(x.graph.groups, must(x.net.find(name)),
                             &group::layer)
        ->id;
  };
  auto cut_for = first("stream0") + 1;
  for (auto producer : {first("tokens"), first("positions")}) {
    auto what = message(producer, {6, 3});
    what.key.consumer = cut_for;
    x.send(what, 7);
  }
  for (auto& [id, record] : x.got)
    CHECK(record->size() == (id == cut_for ? 2 : 0));
  x.send(message(first("tokens"), {6, 6})); // nobody reads all of it
  x.send(message(first("stream0"), {8, 3}));
  for (auto& [id, record] : x.got) {
    auto reads = x.graph.groups[id].layer == must(x.net.find("attention0"));
    CHECK(record->size() == (id == cut_for ? 2 : reads ? 1 : 0));
  }
  CHECK(x.state().refused == 0);
}

TEST_CASE("tensors of another epoch, or without a job, go nowhere") {
  second_node x;
  auto old = message(2, {5, 4});
  old.key.work.epoch = epoch - 1;
  x.send(old);
  caf::anon_send(x.gate, routing_ptr{});
  x.send(message(2, {5, 4}));
  for (auto& [id, record] : x.got)
    CHECK(record->empty());
  CHECK(x.state().refused == 0);
}

TEST_CASE("pieces that no honest peer sends are counted and end nothing") {
  second_node x;
  auto good = cut(message(2, {5, 4}), 16);
  std::vector<tensor_piece> bad(6, good[0]);
  bad[0].type = static_cast<dtype>(77);
  bad[1].extent.columns = 1ull << 40;
  bad[2].offset = 1ull << 60;
  bad[3].key.work.why = static_cast<phase>(9);
  bad[4].key.way = static_cast<direction>(9);
  bad[5].offset = 16;
  for (auto& piece : bad)
    caf::anon_send(x.gate, piece);
  x.world.settle();
  CHECK(x.state().refused == bad.size());
  // From a group that does not exist: whole, but nobody reads it.
  x.send(message(4711, {5, 4}));
  x.send(message(2, {5, 4}));
  CHECK(x.got[x.graph.groups[2].downstream[1].group]->size() == 1);
}

TEST_CASE("a new job forgets what was left of the one before") {
  second_node x;
  auto pieces = cut(message(2, {5, 4}), 16);
  caf::anon_send(x.gate, pieces[0]);
  x.world.settle();
  CHECK(x.state().pieces.size() == 1);
  caf::anon_send(x.gate, x.routes);
  x.world.settle();
  CHECK(x.state().pieces.size() == 0);
}

TEST_CASE("a gate gives credit for refused pieces too") {
  second_node x;
  auto credit = std::make_shared<uint64_t>(0);
  auto link = spawn_fake_link(x.world, credit);
  auto piece = cut(message(2, {512, 512}), defaults::piece_bytes).front();
  REQUIRE(piece.bytes.size() == defaults::piece_bytes);
  for (uint64_t sent = 0; sent < 2 * defaults::credit_bytes;
       sent += piece.bytes.size())
    caf::actor_cast<caf::abstract_actor*>(x.gate)->enqueue(
        caf::actor_cast<caf::strong_actor_ptr>(link), caf::make_message_id(),
        caf::make_message(piece), nullptr);
  x.world.settle();
  CHECK(*credit == 2 * defaults::credit_bytes);
  CHECK(x.state().refused > 0);
}
