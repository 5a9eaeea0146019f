#include "nnactor/partition/plan_split.hpp"
#include "support/networks.hpp"

#include <doctest/doctest.h>

using namespace nnactor;
using namespace nnactor::test;

namespace {

planned_stage stage(uint64_t first_layer, uint64_t end_layer,
                    uint64_t first_device, std::vector<double> shares) {
  planned_stage out;
  out.first_layer = first_layer;
  out.end_layer = end_layer;
  out.first_device = first_device;
  out.end_device = first_device + shares.size();
  out.shares = std::move(shares);
  return out;
}

} // namespace

TEST_CASE("devices get their shares of the neurons of every layer") {
  auto net = small_regression(); // 8, 4 and 3 neurons.
  network_plan plan;
  plan.stages = {stage(0, 2, 0, {0.75, 0.25}), stage(2, 3, 2, {1})};
  auto split = split_by_plan(net, {1, 2, 3}, plan);
  CHECK(split.devices == std::vector<uint64_t>{0, 1, 2});
  REQUIRE(split.parts.parts.size() == 3);
  CHECK(split.parts.parts[0]
        == unite(neuron_set::range(0, 6), neuron_set::range(8, 11)));
  CHECK(split.parts.parts[1]
        == unite(neuron_set::range(6, 8), neuron_set::range(11, 12)));
  CHECK(split.parts.parts[2] == neuron_set::range(12, 15));
}

TEST_CASE("a device whose share is no whole neuron gets no part") {
  auto net = small_regression();
  network_plan plan;
  plan.stages = {stage(0, 3, 0, {0.97, 0.03})};
  auto split = split_by_plan(net, {1, 2, 3}, plan);
  CHECK(split.devices == std::vector<uint64_t>{0});
  CHECK(split.parts.parts[0] == neuron_set::range(0, 15));
}

TEST_CASE("groups sit where the plan has their part") {
  auto net = small_regression();
  network_plan plan;
  plan.stages = {stage(0, 2, 0, {0.5, 0.5}), stage(2, 3, 2, {1})};
  auto split = split_by_plan(net, {1, 2, 3}, plan);
  auto graph = make_group_graph(net, split.parts);
  auto where = place(graph, 2, {{1, 0}, {1, 1}, {0, 0}});
  for (auto& x : graph.groups) {
    auto seat = where.seats[x.id];
    if (x.kind == group_kind::input || x.kind == group_kind::target)
      CHECK(seat.node == where.driver());
    else
      CHECK(seat
            == std::vector<placement::seat>{{1, 0}, {1, 1}, {0, 0}}[x.part]);
  }
}
