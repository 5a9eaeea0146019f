#include "group/fixture.hpp"

namespace nnactor::test {

namespace {

network small_network() {
  network_description what;
  what.layers = {{"hidden", layer_kind::dense, activation::tanh, 4, {}, {}},
                 {"output", layer_kind::dense, activation::none, 3, {}, {}}};
  auto net = build_network(what, {3, 0, 3});
  if (!net)
    throw std::runtime_error(explain(net.error()));
  return *net;
}

// Hidden neurons 0, 1 and the output in one part, hidden 2, 3 in the other.
partition two_parts() {
  return {{neuron_set{{{0, 2}, {4, 7}}}, neuron_set::range(2, 4)}};
}

} // namespace

lone_group::lone_group(group_id id, const train_settings& train,
                       uint64_t version)
    : net(small_network()), graph(make_group_graph(net, two_parts())) {
  group_settings how;
  how.epoch = epoch;
  how.version = version;
  how.members = {graph.groups[id]};
  how.train = train;
  how.device = spawn_device(world, device);
  how.kernels = kernels_;
  how.driver = spawn_driver(world, driver);
  how.persistence = spawn_persistence(world, saved);
  if (id == graph.loss_group()) {
    group = world.system().spawn(
        loss_group, how, std::make_shared<loss_program>(net, graph, train));
  } else {
    program = std::make_shared<group_program>(net, graph, id, train);
    group = world.system().spawn(neuron_group, how, std::vector{program});
  }
  world.adopt(group);
  // All groups on one node, so that the table leads to the fakes directly.
  auto where = place(graph, 1, 1);
  for (auto& seat : where.seats)
    seat.node = 0;
  routing routes =
      make_routing(epoch, connection_table{net, graph, where, 0}, graph, {});
  for (auto& x : graph.groups) {
    neighbours[x.id] = std::make_shared<std::vector<tensor_message>>();
    routes.groups.emplace(x.id, spawn_sink(world, neighbours[x.id]));
  }
  caf::anon_send(
      group, routing_ptr{std::make_shared<const routing>(std::move(routes))});
  world.settle();
}

void lone_group::send(const work_id& work, direction way, group_id from,
                      const tensor& value) {
  caf::anon_send(group, tensor_message{{work, 0, way, from, 0}, value});
  world.settle();
}

void lone_group::run(size_t index) {
  auto what = device->blocks.at(index);
  device->blocks.erase(device->blocks.begin() + static_cast<ptrdiff_t>(index));
  try {
    what->run(*kernels_);
  } catch (const std::exception& ex) {
    what->failure = fail(ec::device_failure, "{}", ex.what());
  }
  caf::anon_send(what->owner, what);
  world.settle();
}

void lone_group::run_all() {
  while (!device->blocks.empty())
    run(0);
}

std::vector<tensor_message> lone_group::sent(group_id to, direction way) const {
  std::vector<tensor_message> out;
  for (auto& x : *neighbours.at(to))
    if (x.key.way == way)
      out.push_back(x);
  return out;
}

} // namespace nnactor::test
