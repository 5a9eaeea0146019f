#include "nnactor/cluster/deployment.hpp"
#include "support/mutate.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

deployment plan_for(const network& net, const partition& parts,
                    uint32_t nodes) {
  deployment out;
  out.epoch = 12;
  out.self = nodes / 2;
  for (uint32_t i = 0; i < nodes; ++i)
    out.servers.push_back({fmt::format("10.0.0.{}:4700", i), "/etc/node.pem",
                           static_cast<uint32_t>(2 * i + 1)});
  out.servers.push_back({"driver", ""});
  out.net = net;
  out.parts = parts;
  out.graph = make_group_graph(net, parts);
  out.where = place(out.graph, nodes, 2);
  out.train.seed = 99;
  out.train.optimizer.clip = 0.25f;
  out.train.optimizer.epsilon = 1e-38f;
  out.train.learns = nodes % 2 == 0;
  out.model = "tiny";
  out.store_epoch = 11;
  out.token = "token";
  out.generation = 3;
  out.step = 1ull << 40;
  return out;
}

bool same(const deployment& x, const deployment& y) {
  auto servers = std::ranges::equal(
      x.servers, y.servers, [](const server& a, const server& b) {
        return a.address == b.address && a.credential == b.credential
               && a.number == b.number;
      });
  return servers && x.epoch == y.epoch && x.self == y.self
         && x.where.seats == y.where.seats && x.where.nodes == y.where.nodes
         && x.parts.parts == y.parts.parts
         && x.graph.groups.size() == y.graph.groups.size()
         && x.net.neuron_count() == y.net.neuron_count() && x.train == y.train
         && x.model == y.model && x.store_epoch == y.store_epoch
         && x.token == y.token && x.generation == y.generation
         && x.step == y.step;
}

} // namespace

TEST_CASE("a deployment arrives as it was sent") {
  CHECK(rc::check([] {
    auto net = any_network();
    auto plan =
        plan_for(net, any_partition(net), *rc::gen::inRange<uint32_t>(1, 5));
    auto back = decode_deployment(encode(plan));
    RC_ASSERT(static_cast<bool>(back));
    RC_ASSERT(same(*back, plan));
    RC_ASSERT(encode(*back) == encode(plan));
  }));
}

TEST_CASE("groups go on only in a deployment that computes the same") {
  network_description layers;
  layers.layers = {line(1, "a", layer_kind::dense, 4),
                   line(2, "out", layer_kind::dense, 0)};
  auto net = must(build_network(layers, {3, 0, 2}));
  auto what = plan_for(net, {{neuron_set::range(0, net.neuron_count())}}, 1);
  auto other = what;
  other.epoch += 1;
  other.where.seats.clear();
  CHECK(what.is_of_same_job(other));
  other.train.learns = !what.train.learns;
  CHECK_FALSE(what.is_of_same_job(other));
  other = what;
  other.train.schedule.rate *= 2;
  CHECK_FALSE(what.is_of_same_job(other));
  other = what;
  other.net.layers[1].act = activation::tanh;
  CHECK_FALSE(what.is_of_same_job(other));
}

TEST_CASE("garbage is refused as a breach of the protocol") {
  for (auto size : {0, 1, 7, 8, 100, 4096}) {
    auto bytes =
        std::vector<std::byte>(static_cast<size_t>(size), std::byte{0x5a});
    auto out = decode_deployment(bytes);
    REQUIRE(!out);
    CHECK(code_of(out.error()) == ec::protocol_violation);
  }
}

TEST_CASE("a deployment that contradicts itself is refused") {
  auto net = small_language_model();
  auto parts = partition{{neuron_set::range(0, 9), neuron_set::range(9, 19)}};
  auto refused = [&](auto change) {
    auto plan = plan_for(net, parts, 2);
    change(plan);
    return !decode_deployment(encode(plan));
  };
  CHECK(!refused([](deployment&) {}));
  CHECK(refused([](deployment& x) { x.self = 3; }));
  CHECK(refused([](deployment& x) { x.where.seats.pop_back(); }));
  CHECK(refused([](deployment& x) { x.where.seats[3].node = 3; }));
  CHECK(refused([](deployment& x) { x.servers.clear(); }));
  for (auto* name : {"", ".", "..", "../x", "a/b", "/etc"})
    CHECK(refused([name](deployment& x) { x.model = name; }));
  CHECK(refused([](deployment& x) { x.parts.parts.pop_back(); }));
  CHECK(refused(
      [](deployment& x) { x.parts.parts[1] = neuron_set::range(8, 19); }));
}

TEST_CASE("a damaged deployment is read or refused, never worse") {
  auto net = small_language_model();
  auto parts = partition{{neuron_set::range(0, 9), neuron_set::range(9, 19)}};
  auto bytes = encode(plan_for(net, parts, 3));
  CHECK(rc::check([&] {
    auto out = decode_deployment(damaged(bytes));
    if (!out)
      return;
    // What was accepted can be set up.
    RC_ASSERT(out->where.seats.size() == out->graph.groups.size());
    RC_ASSERT(out->self < out->servers.size());
    connection_table{out->net, out->graph, out->where, out->self};
  }));
}
