#include "group/fixture.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// A group that only collects the blocks that come back.
group_actor spawn_owner(actor_world& in,
                        std::shared_ptr<std::vector<block_ptr>> done) {
  return in.adopt(in.system().spawn(
      [done](group_actor::pointer) -> group_actor::behavior_type {
        return {
            [](const tensor_message&) {},
            [](const routing_ptr&) {},
            [done](const block_ptr& what) { done->push_back(what); },
            [](update_atom, uint64_t, uint32_t) {},
            [](ready_atom, uint64_t) {},
            [](save_atom, uint64_t, uint64_t) {},
            [](status_atom, group_id) { return group_status{}; },
            [](peek_atom, group_id) { return parameters_ptr{}; },
        };
      }));
}

} // namespace

TEST_CASE("blocks run on the device and come back") {
  actor_world world;
  auto done = std::make_shared<std::vector<block_ptr>>();
  auto owner = spawn_owner(world, done);
  std::shared_ptr<device> dev = make_reference_device();
  auto runner = world.adopt(world.system().spawn(run_device, dev));
  std::string order;
  for (char name : {'a', 'b', 'c'}) {
    auto what = std::make_shared<block>();
    what->owner = owner;
    what->run = [&order, name](device&) { order += name; };
    caf::anon_send(runner, block_ptr{what});
  }
  world.settle();
  CHECK(order == "abc");
  CHECK(done->size() == 3);
}

TEST_CASE("what a kernel throws comes back in its block, the next one runs") {
  actor_world world;
  auto done = std::make_shared<std::vector<block_ptr>>();
  auto owner = spawn_owner(world, done);
  std::shared_ptr<device> dev = make_reference_device();
  auto runner = world.adopt(world.system().spawn(run_device, dev));
  auto bad = std::make_shared<block>();
  bad->owner = owner;
  bad->run = [](device&) { throw std::runtime_error("affine [1, 2]"); };
  auto good = std::make_shared<block>();
  good->owner = owner;
  good->run = [](device&) {};
  caf::anon_send(runner, block_ptr{bad});
  caf::anon_send(runner, block_ptr{good});
  world.settle();
  REQUIRE(done->size() == 2);
  CHECK(code_of(bad->failure) == ec::device_failure);
  CHECK(explain(bad->failure).find("affine [1, 2]") != std::string::npos);
  CHECK(!good->failure);
}

TEST_CASE("of equal urgency the first micro-batch goes first") {
  actor_world world;
  auto done = std::make_shared<std::vector<block_ptr>>();
  auto owner = spawn_owner(world, done);
  std::shared_ptr<device> dev = make_reference_device();
  auto runner = world.adopt(world.system().spawn(run_device, dev));
  std::string order;
  auto send = [&](char name, urgency when, uint32_t micro_batch) {
    auto what = std::make_shared<block>();
    what->owner = owner;
    what->when = when;
    what->micro_batch = micro_batch;
    what->run = [&order, name](device&) { order += name; };
    caf::anon_send(runner, block_ptr{what});
  };
  send('a', urgency::forward, 1);
  send('b', urgency::forward, 0);
  send('c', urgency::backward, 2);
  send('d', urgency::forward, 1);
  send('e', urgency::forward, 0);
  world.settle();
  CHECK(order == "cbead");
}

TEST_CASE("backward goes before forward, and both before idle work") {
  actor_world world;
  auto done = std::make_shared<std::vector<block_ptr>>();
  auto owner = spawn_owner(world, done);
  std::shared_ptr<device> dev = make_reference_device();
  auto runner = world.adopt(world.system().spawn(run_device, dev));
  std::string order;
  auto send = [&](char name, urgency when) {
    auto what = std::make_shared<block>();
    what->owner = owner;
    what->when = when;
    what->run = [&, name](device&) {
      order += name;
      // Arrives while others wait, as the gradients of a next group would.
      if (name == 'y') {
        auto late = std::make_shared<block>();
        late->owner = owner;
        late->when = urgency::backward;
        late->run = [&order](device&) { order += 'L'; };
        caf::anon_send(runner, block_ptr{late});
      }
    };
    caf::anon_send(runner, block_ptr{what});
  };
  send('a', urgency::idle);
  send('b', urgency::idle);
  send('x', urgency::forward);
  send('y', urgency::forward);
  send('z', urgency::forward);
  send('p', urgency::backward);
  send('q', urgency::backward);
  world.settle();
  CHECK(order == "pqxyLzab");
  CHECK(done->size() == 8);
}
