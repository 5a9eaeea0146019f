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
            [](round_atom, uint32_t, const round_ptr&) {},
            [](update_atom, uint64_t, uint32_t) {},
            [](ready_atom, uint64_t) {},
            [](save_atom, uint64_t, uint64_t) {},
            [](status_atom, group_id) { return group_status{}; },
            [](peek_atom, group_id) { return parameters_ptr{}; },
        };
      }));
}

/// A device, and a group that gives it blocks.
struct block_queue {
  /// @return the block, which comes back in `done`
  block_ptr send(std::function<void(device&)> run, urgency when = urgency::idle,
                 uint32_t micro_batch = 0) {
    auto what = std::make_shared<block>();
    what->owner = owner;
    what->when = when;
    what->micro_batch = micro_batch;
    what->run = std::move(run);
    caf::anon_send(runner, block_ptr{what});
    return what;
  }

  /// One that writes its name down when it runs.
  void send(char name, urgency when = urgency::idle, uint32_t micro_batch = 0) {
    send([this, name](device&) { order += name; }, when, micro_batch);
  }

  actor_world world;
  std::string order;
  std::shared_ptr<std::vector<block_ptr>> done =
      std::make_shared<std::vector<block_ptr>>();
  group_actor owner = spawn_owner(world, done);
  device_actor runner = world.adopt(world.system().spawn(
      run_device, std::shared_ptr<device>{make_reference_device()}));
};

} // namespace

TEST_CASE("blocks run on the device and come back") {
  block_queue x;
  for (char name : {'a', 'b', 'c'})
    x.send(name);
  x.world.settle();
  CHECK(x.order == "abc");
  CHECK(x.done->size() == 3);
}

TEST_CASE("what a kernel throws comes back in its block, the next one runs") {
  block_queue x;
  auto bad = x.send([](device&) { throw std::runtime_error("affine [1, 2]"); });
  auto good = x.send([](device&) {});
  x.world.settle();
  REQUIRE(x.done->size() == 2);
  CHECK(code_of(bad->failure) == ec::device_failure);
  CHECK(explain(bad->failure).find("affine [1, 2]") != std::string::npos);
  CHECK(!good->failure);
}

TEST_CASE("of equal urgency the first micro-batch goes first") {
  block_queue x;
  x.send('a', urgency::forward, 1);
  x.send('b', urgency::forward, 0);
  x.send('c', urgency::backward, 2);
  x.send('d', urgency::forward, 1);
  x.send('e', urgency::forward, 0);
  x.world.settle();
  CHECK(x.order == "cbead");
}

TEST_CASE("backward goes before forward, and both before idle work") {
  block_queue x;
  x.send('a', urgency::idle);
  x.send('b', urgency::idle);
  x.send('x', urgency::forward);
  // While others wait, as the gradients of a next group would.
  x.send(
      [&x](device&) {
        x.order += 'y';
        x.send('L', urgency::backward);
      },
      urgency::forward);
  x.send('z', urgency::forward);
  x.send('p', urgency::backward);
  x.send('q', urgency::backward);
  x.world.settle();
  CHECK(x.order == "pqxyLzab");
  CHECK(x.done->size() == 8);
}
