#include "engine/networks.hpp"
#include "group/fixture.hpp"

#include <bit>

using namespace nnactor;
using namespace nnactor::test;

namespace {

constexpr auto forward = direction::forward;
constexpr auto backward = direction::backward;
constexpr group_id input = 0, hidden = 2, output = 4, loss = 5;

train_settings micro_batches(uint32_t count, float clip = 0) {
  train_settings how;
  how.batch = 2 * count;
  how.micro_batches = count;
  how.optimizer.clip = clip;
  return how;
}

/// Parameters of the same group computed without an actor, its micro-batches
/// in order.
parameter_set expected(const lone_group& like, const train_settings& how,
                       uint32_t count, float scale) {
  auto dev = make_reference_device();
  group_program program{like.net, like.graph, hidden, how};
  for (uint32_t m = 0; m < count; ++m)
    program.forward(*dev, {m}, phase::train,
                    {ramp({2, 3}, static_cast<float>(m))});
  for (uint32_t m = 0; m < count; ++m) {
    program.backward(*dev, {m},
                     {ramp({2, 2}, 0.3f * static_cast<float>(m + 1))});
    program.accumulate(*dev, {m});
  }
  program.update(*dev, 0, scale);
  return program.save();
}

/// Takes the group through step 0: inputs of all micro-batches, then
/// gradients in the given order, run at once or not.
void train_step(lone_group& x, const std::vector<uint32_t>& order) {
  for (uint32_t m = 0; m < order.size(); ++m)
    x.send(x.training(0, m), forward, input,
           ramp({2, 3}, static_cast<float>(m)));
  x.run_all();
  for (auto m : order) {
    x.send(x.training(0, m), backward, output,
           ramp({2, 2}, 0.3f * static_cast<float>(m + 1)));
    x.run_all();
  }
}

} // namespace

TEST_CASE("a group computes when its inputs are there and tells its readers") {
  lone_group x{hidden};
  x.send(x.training(0), forward, input, ramp({2, 3}));
  CHECK(x.sent(output, forward).empty());
  REQUIRE(x.device->blocks.size() == 1);
  x.run_all();
  auto sent = x.sent(output, forward);
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].key.work == x.training(0));
  CHECK(sent[0].key.producer == hidden);
  CHECK(sent[0].value.extent() == shape{2, 2});
}

TEST_CASE("a group of two producers waits for both") {
  lone_group x{output};
  x.send(x.training(0), forward, 3, ramp({2, 2}));
  CHECK(x.device->blocks.empty());
  x.send(x.training(0), forward, 2, ramp({2, 2}));
  CHECK(x.device->blocks.size() == 1);
}

TEST_CASE("inputs of a later step wait for the update") {
  lone_group x{hidden, micro_batches(1)};
  x.send(x.training(1), forward, input, ramp({2, 3}));
  x.send({x.epoch, 1, phase::evaluate, 0}, forward, input, ramp({4, 3}));
  CHECK(x.device->blocks.empty());
  train_step(x, {0});
  auto sent = x.sent(output, forward);
  REQUIRE(sent.size() == 3);
  CHECK(sent[1].key.work == x.training(1));
  CHECK(sent[2].key.work.why == phase::evaluate);
  CHECK(x.driver->failures.empty());
}

TEST_CASE("what is stale, doubled, or of another epoch is dropped") {
  lone_group x{hidden, micro_batches(1), 5};
  x.send(x.training(4), forward, input, ramp({2, 3}));
  x.send({x.epoch + 1, 5, phase::train, 0}, forward, input, ramp({2, 3}));
  x.send(x.training(5), forward, 1, ramp({2, 3}));
  x.send(x.training(4), backward, output, ramp({2, 2}));
  CHECK(x.device->blocks.empty());
  x.send(x.training(5), forward, input, ramp({2, 3}));
  x.send(x.training(5), forward, input, ramp({2, 3}));
  CHECK(x.device->blocks.size() == 1);
  x.run_all();
  x.send(x.training(5), forward, input, ramp({2, 3}));
  CHECK(x.device->blocks.empty());
  CHECK(x.sent(output, forward).size() == 1);
}

TEST_CASE("work that there cannot be is dropped") {
  auto train = micro_batches(1);
  lone_group x{hidden, train};
  for (auto work : {work_id{x.epoch, 0, phase::train, train.micro_batches, 0},
                    work_id{x.epoch, 0, phase::train, 0, 1},
                    work_id{x.epoch, 0, phase::infer, 0, UINT32_MAX}})
    x.send(work, forward, input, ramp({2, 3}));
  CHECK(x.device->blocks.empty());
  CHECK(x.sent(output, forward).empty());
  x.send(x.training(0), forward, input, ramp({2, 3}));
  CHECK(x.device->blocks.size() == 1);
}

TEST_CASE("a group that only answers learns from nobody") {
  auto train = micro_batches(1);
  train.learns = false;
  lone_group x{hidden, train};
  auto before = x.program->save();
  x.send(x.training(0), forward, input, ramp({2, 3}));
  x.send(x.training(0), direction::backward, output, ramp({2, 2}));
  x.run_all();
  CHECK(x.sent(output, forward).empty());
  CHECK(x.driver->credits.empty());
  CHECK(x.driver->failures.empty());
  x.send({x.epoch, 0, phase::infer}, forward, input, ramp({2, 3}));
  CHECK(x.sent(output, forward).size() == 1);
  CHECK(same_bytes(x.program->save(), before));
}

TEST_CASE("gradients go upstream and credit to the driver") {
  lone_group first{hidden, micro_batches(1)};
  train_step(first, {0});
  // The input does not learn, but the driver must know.
  CHECK(first.sent(input, backward).empty());
  REQUIRE(first.driver->credits.size() == 1);
  CHECK(first.driver->credits[0].group == hidden);

  lone_group second{output, micro_batches(1)};
  second.send(second.training(0), forward, 2, ramp({2, 2}));
  second.send(second.training(0), forward, 3, ramp({2, 2}));
  second.run_all();
  second.send(second.training(0), backward, loss, ramp({2, 3}));
  second.run_all();
  CHECK(second.sent(2, backward).size() == 1);
  CHECK(second.sent(3, backward).size() == 1);
  CHECK(second.sent(2, backward)[0].key.consumer == 2);
  CHECK(second.driver->credits.empty());
}

TEST_CASE("the order in which micro-batches come back does not show") {
  auto how = micro_batches(3);
  std::vector<uint32_t> order = {0, 1, 2};
  do {
    lone_group x{hidden, how};
    train_step(x, order);
    CHECK(same_bytes(x.program->save(), expected(x, how, 3, 1)));
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("on a device that is never idle, no more wait than are in flight") {
  auto how = micro_batches(8);
  how.window = 2;
  lone_group x{hidden, how};
  for (uint32_t m = 0; m < 8; ++m) {
    x.send(x.training(0, m), forward, input,
           ramp({2, 3}, static_cast<float>(m)));
    x.send(x.training(0, m), backward, output,
           ramp({2, 2}, 0.3f * static_cast<float>(m + 1)));
    auto urgent = [&] {
      return std::ranges::find_if(x.device->blocks, [](const block_ptr& b) {
        return b->when != urgency::idle;
      });
    };
    while (urgent() != x.device->blocks.end())
      x.run(static_cast<size_t>(urgent() - x.device->blocks.begin()));
    // The last one is followed by the update.
    CHECK(x.device->blocks.size() <= how.window + (m == 7 ? 1 : 0));
  }
  x.run_all();
  CHECK(same_bytes(x.program->save(), expected(x, how, 8, 1)));
}

TEST_CASE("with clipping the update waits for the driver") {
  auto how = micro_batches(2, 1.0f);
  lone_group x{hidden, how};
  auto before = x.program->save();
  // An update that nobody has asked for yet.
  caf::anon_send(x.group, update_atom::value, uint64_t{0},
                 std::bit_cast<uint32_t>(1.0f));
  train_step(x, {1, 0});
  REQUIRE(x.driver->norms.size() == 1);
  CHECK(x.driver->norms[0].step == 0);
  CHECK(x.driver->norms[0].group == hidden);
  CHECK(x.driver->norms[0].value > 0);
  CHECK(same_bytes(x.program->save(), before));
  // Of another step.
  caf::anon_send(x.group, update_atom::value, uint64_t{1},
                 std::bit_cast<uint32_t>(1.0f));
  x.world.settle();
  CHECK(x.device->blocks.empty());
  for (int twice = 0; twice < 2; ++twice)
    caf::anon_send(x.group, update_atom::value, uint64_t{0},
                   std::bit_cast<uint32_t>(0.25f));
  x.world.settle();
  x.run_all();
  CHECK(same_bytes(x.program->save(), expected(x, how, 2, 0.25f)));
}

TEST_CASE("a generation is saved at its step, also when asked for early") {
  auto how = micro_batches(1);
  lone_group x{hidden, how};
  caf::anon_send(x.group, save_atom::value, uint64_t{7}, uint64_t{1});
  x.world.settle();
  CHECK(x.device->blocks.empty());
  caf::anon_send(x.group, save_atom::value, uint64_t{6}, uint64_t{0});
  x.world.settle();
  x.run_all();
  REQUIRE(x.saved->saves.size() == 1);
  CHECK(x.saved->saves[0].first == 6);
  auto untrained = lone_group{hidden, how}.program->save();
  CHECK(same_bytes(*x.saved->saves[0].second, untrained));
  train_step(x, {0});
  REQUIRE(x.saved->saves.size() == 2);
  CHECK(x.saved->saves[1].first == 7);
  CHECK(same_bytes(*x.saved->saves[1].second, expected(x, how, 1, 1)));
  // Too late: those parameters are gone.
  caf::anon_send(x.group, save_atom::value, uint64_t{8}, uint64_t{0});
  x.world.settle();
  CHECK(x.device->blocks.empty());
}

TEST_CASE("an input of another shape is a failure that names the group") {
  lone_group x{hidden};
  x.send(x.training(0), forward, input, ramp({2, 4}));
  CHECK(x.device->blocks.empty());
  REQUIRE(x.driver->failures.size() == 1);
  CHECK(code_of(x.driver->failures[0]) == ec::protocol_violation);
  CHECK(explain(x.driver->failures[0]).find("group 2 on node 1")
        != std::string::npos);
}

TEST_CASE("so are gradients of another shape, or that nobody waits for") {
  lone_group x{hidden, micro_batches(4)};
  x.send(x.training(0), forward, input, ramp({2, 3}));
  x.run_all();
  x.send(x.training(0), backward, output, ramp({3, 2}));
  x.run_all();
  REQUIRE(x.driver->failures.size() == 1);
  x.send(x.training(0, 3), backward, output, ramp({2, 2}));
  x.run_all();
  REQUIRE(x.driver->failures.size() == 2);
  CHECK(code_of(x.driver->failures[1]) == ec::protocol_violation);
  CHECK(x.driver->credits.empty());
}

TEST_CASE("a block that failed is a failure of the group") {
  lone_group x{hidden};
  x.send(x.training(0), forward, input, ramp({2, 3}));
  auto what = x.device->blocks.front();
  what->failure = fail(ec::device_failure, "affine [2, 3] was refused");
  caf::anon_send(x.group, what);
  x.world.settle();
  REQUIRE(x.driver->failures.size() == 1);
  CHECK(code_of(x.driver->failures[0]) == ec::device_failure);
  CHECK(x.sent(output, forward).empty());
}
