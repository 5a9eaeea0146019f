#include "nnactor/run/planned_nodes.hpp"
#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;

namespace {

cluster_view two_nodes() {
  cluster_view out;
  out.members.resize(2);
  for (auto& x : out.members) {
    x.info.speed = 100'000;
    x.info.devices = 2;
    x.info.cache = 1 << 20;
    x.info.cache_speed = 80'000;
    x.info.memory_speed = 10'000;
  }
  return out;
}

} // namespace

TEST_CASE("plans take devices as nodes describe them") {
  cluster_settings how;
  how.devices = 2;
  auto on = devices_of(how, two_nodes(), precision::float32);
  REQUIRE(on.devices.size() == 4);
  CHECK(on.servers == std::vector<uint32_t>{0, 0, 1, 1});
  CHECK(on.devices[0].flops == 50e9);
  CHECK(on.devices[0].bandwidth == 10e9);
  CHECK(on.devices[0].cache_bandwidth == 80e9);
  CHECK(on.devices[0].cache == 1 << 20);
}

TEST_CASE("a split of a small network costs more than it brings") {
  auto net = language_model();
  auto split = small_job(net, dealt(net, 2, 1));
  auto nodes = two_nodes();
  auto found =
      find_costly_split(split, nnactor::place(split.graph, 2, 1), nodes);
  REQUIRE(found);
  CHECK(found->devices == 1);
  CHECK(found->times > 2);
  auto alone = small_job(net, whole(net));
  CHECK(!find_costly_split(alone, nnactor::place(alone.graph, 2, 1), nodes));
  // Whoever asks for a plan gets it.
  split.how.distribute.how = mechanism::automatic;
  CHECK(!find_costly_split(split, nnactor::place(split.graph, 2, 1), nodes));
}

TEST_CASE("plans take links for as slow as the slowest one that was measured") {
  auto nodes = two_nodes();
  auto usual = devices_of({}, nodes, precision::float32).between;
  // No link is faster than what runs on top of it.
  nodes.members[0].link = {1e-9, 1e15};
  auto fast = devices_of({}, nodes, precision::float32).between;
  CHECK(fast.latency == usual.latency);
  CHECK(fast.bandwidth == usual.bandwidth);
  nodes.members[0].link = {20e-3, 1e15};
  nodes.members[1].link = {1e-3, 1e6};
  auto slow = devices_of({}, nodes, precision::float32);
  CHECK(slow.between.latency == 20e-3);
  CHECK(slow.between.bandwidth == 1e6);
  CHECK(slow.inside.bandwidth > 1e6);
}
