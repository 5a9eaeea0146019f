#include "engine/networks.hpp"
#include "nnactor/engine/chain.hpp"
#include "nnactor/partition/distribution.hpp"

using namespace nnactor;

namespace {

constexpr uint64_t plenty = uint64_t{1} << 30;

network four_layers() {
  return network_of(
      {dense("a", activation::relu, 8), dense("b", activation::gelu, 8),
       dense("c", activation::tanh, 8), dense("d", activation::none, 4)},
      {5, 0, 4});
}

partition whole(const network& net) {
  return {{neuron_set::range(0, net.neuron_count())}};
}

using chains = std::vector<std::vector<group_id>>;

chains chains_of(const network& net, const partition& parts, uint32_t nodes,
                 uint32_t devices, node_index node = 0,
                 const std::vector<uint64_t>& caches = {plenty}) {
  auto graph = make_group_graph(net, parts);
  return find_chains(net, graph, place(graph, nodes, devices), node,
                     sizeof(float), caches);
}

std::vector<program_ptr> programs_of(const network& net,
                                     const group_graph& graph,
                                     const train_settings& how) {
  std::vector<program_ptr> out;
  for (group_id id = 2; id < graph.loss_group(); ++id)
    out.push_back(std::make_shared<group_program>(net, graph, id, how));
  return out;
}

tensor random_tensor(uint64_t rows, uint64_t columns, uint64_t seed) {
  tensor_builder<float> out{{rows, columns}};
  counter_random random{seed, 0};
  for (size_t i = 0; i < out.values().size(); ++i)
    out.values()[i] = random.uniform(i) - 0.5f;
  return std::move(out).share();
}

bool same(const tensor& x, const tensor& y) {
  return x.extent() == y.extent()
         && std::ranges::equal(x.values<float>(), y.values<float>());
}

} // namespace

TEST_CASE("layers that follow each other on one device are one chain") {
  auto net = four_layers();
  CHECK(chains_of(net, whole(net), 1, 1) == chains{{2, 3, 4, 5}});
}

TEST_CASE("a chain ends where a layer is on another device or node") {
  auto net = four_layers();
  partition halves{{neuron_set::range(0, 16), neuron_set::range(16, 28)}};
  CHECK(chains_of(net, halves, 1, 2) == chains{{2, 3}, {4, 5}});
  CHECK(chains_of(net, halves, 2, 1, 0) == chains{{2, 3}});
  CHECK(chains_of(net, halves, 2, 1, 1) == chains{{4, 5}});
}

TEST_CASE(
    "a chain ends where a layer is split, and where somebody else reads") {
  auto net = four_layers();
  // Layer b in two groups: a is read by both, c reads both.
  partition split{{neuron_set{{{0, 12}, {16, 28}}}, neuron_set::range(12, 16)}};
  CHECK(chains_of(net, split, 1, 1) == chains{{2}, {3}, {4}, {5, 6}});
  auto skips = skipping_network();
  CHECK(chains_of(skips, whole(skips), 1, 1) == chains{{2}, {3}, {4}, {5}});
}

TEST_CASE("a chain ends where its weights no longer fit the cache") {
  auto net = four_layers();
  // 8 x 6 parameters, 8 x 9, 8 x 9, 4 x 9, of four bytes each, and two times 16
  // rows of 8 values between them.
  uint64_t room = 4 * (48 + 72) + 4 * 2 * 16 * 8;
  CHECK(chains_of(net, whole(net), 1, 1, 0, {room}) == chains{{2, 3}, {4, 5}});
  CHECK(chains_of(net, whole(net), 1, 1, 0, {room - 1})
        == chains{{2}, {3}, {4, 5}});
  // Each device has a cache of its own.
  partition halves{{neuron_set::range(0, 16), neuron_set::range(16, 28)}};
  CHECK(chains_of(net, halves, 1, 2, 0, {plenty, 1})
        == chains{{2, 3}, {4}, {5}});
  CHECK(chains_of(net, whole(net), 1, 1, 0, {1}) == chains{{2}, {3}, {4}, {5}});
}

TEST_CASE("delayed connections are not part of a chain") {
  auto back = dense("a", activation::relu, 8, {"input", "b"});
  back.delays = {{"b", 1}};
  auto net = network_of({back, dense("b", activation::none, 4)}, {5, 0, 4, 3});
  // b is read by a and by the loss, so it ends a chain.
  CHECK(chains_of(net, whole(net), 1, 1) == chains{{2, 3}});
}

TEST_CASE("a chain computes what its members would by themselves") {
  auto net = four_layers();
  auto graph = make_group_graph(net, whole(net));
  for (auto link : {precision::float32, precision::bfloat16})
    for (auto compute : {precision::float32, precision::bfloat16}) {
      train_settings how;
      how.link = link;
      how.compute = compute;
      auto alone = programs_of(net, graph, how);
      chain together{programs_of(net, graph, how)};
      auto dev = make_cpu_device();
      for (uint64_t step = 0; step < 3; ++step) {
        auto x = random_tensor(12, 5, step);
        auto dy = random_tensor(12, 4, step + 10);
        auto expected = x;
        for (auto& p : alone)
          expected = p->forward(*dev, {0}, phase::train, {expected});
        auto found = together.forward(*dev, {0}, phase::train, {x});
        CHECK(same(found, expected));
        std::vector<tensor> gradient = {dy};
        for (auto i = alone.size(); i-- > 0;)
          gradient = alone[i]->backward(*dev, {0}, gradient);
        CHECK(together.backward(*dev, {0}, {dy}).size() == 1);
        for (auto& p : alone)
          p->accumulate(*dev, {0});
        together.accumulate_before(*dev, step, {1});
        auto norms = together.squared_gradient_norms(*dev);
        for (size_t i = 0; i < alone.size(); ++i)
          CHECK(norms[i] == alone[i]->squared_gradient_norm(*dev));
        for (auto& p : alone)
          p->update(*dev, step, 1.0f);
        together.update(*dev, step, 1.0f);
        // What comes late has nothing to add.
        together.accumulate_before(*dev, step, {1});
      }
      for (size_t i = 0; i < alone.size(); ++i) {
        auto expected = alone[i]->save();
        auto found = together.save(i);
        for (size_t k = 0; k < expected.parameters.size(); ++k)
          CHECK(
              same(found.parameters[k].values, expected.parameters[k].values));
        CHECK(together.busy_ns(i) > 0);
      }
      // Answers come from the short way, after questions of several sizes.
      for (uint64_t rows : {1, 30, 2}) {
        auto x = random_tensor(rows, 5, rows);
        auto expected = x;
        for (auto& p : alone)
          expected = p->forward(*dev, {0}, phase::infer, {expected});
        CHECK(same(together.forward(*dev, {0}, phase::infer, {x}), expected));
        CHECK(
            same(together.forward(*dev, {0}, phase::evaluate, {x}), expected));
      }
    }
}

TEST_CASE("a chain that begins with an embedding answers as its members do") {
  auto net = language_model();
  auto graph = make_group_graph(net, whole(net));
  chain together{programs_of(net, graph, {})};
  auto alone = programs_of(net, graph, {});
  auto dev = make_reference_device();
  tensor_builder<int32_t> tokens{{3, 5}};
  for (size_t i = 0; i < 15; ++i)
    tokens.values()[i] = static_cast<int32_t>(i % 11);
  auto x = std::move(tokens).share();
  auto expected = x;
  for (auto& p : alone)
    expected = p->forward(*dev, {0}, phase::infer, {expected});
  CHECK(same(together.forward(*dev, {0}, phase::infer, {x}), expected));
}
