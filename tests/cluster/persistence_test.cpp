#include "nnactor/cluster/persistence.hpp"
#include "nnactor/engine/group_program.hpp"
#include "nnactor/store/memory_filesystem.hpp"
#include "support/actors.hpp"
#include "support/networks.hpp"
#include "support/simulation.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace nnactor;
using namespace nnactor::test;

namespace {

/// The persistence actor of a node that has one part of two.
struct lone_persistence {
  lone_persistence() : net(small_regression()) {
    std::vector<neuron_id> even, odd;
    for (neuron_id id = 0; id < net.neuron_count(); ++id)
      (id % 2 ? odd : even).push_back(id);
    auto plan = std::make_shared<deployment>();
    plan->epoch = 1;
    plan->servers = {{"a:1", ""}, {"b:1", ""}, {"driver", ""}};
    plan->net = net;
    plan->parts = {
        {neuron_set::of(std::move(even)), neuron_set::of(std::move(odd))}};
    plan->graph = make_group_graph(net, plan->parts);
    plan->where = place(plan->graph, 2, 1);
    plan->model = "m";
    job = plan;
    claimed = static_cast<bool>(model_store{fs, "store/m"}.claim_epoch());
  }

  answer<programs_ptr> deploy(const deployment& what) {
    return world.ask_now<programs_ptr>(
        actor, deploy_atom::value,
        deployment_ptr{std::make_shared<const deployment>(what)},
        carried_ptr{std::make_shared<const carried_groups>()}, driver_actor{});
  }

  void begin(uint64_t generation, uint32_t groups) {
    caf::anon_send(actor, save_atom::value, generation, groups,
                   driver_actor{driver});
    world.settle();
  }

  void save(uint64_t generation, const parameter_set& what,
            uint64_t epoch = 1) {
    caf::anon_send(actor, save_atom::value, epoch, generation,
                   parameters_ptr{std::make_shared<parameter_set>(what)});
    world.settle();
  }

  actor_world world;
  network net;
  deployment_ptr job;
  bool claimed = false; ///< Epoch 1 of the store.
  std::shared_ptr<filesystem> fs = make_memory_filesystem();
  std::shared_ptr<driver_record> record = std::make_shared<driver_record>();
  fake_driver_actor driver = spawn_driver(world, record);
  persistence_actor actor = world.adopt(world.system().spawn(
      run_persistence, fs, std::string{"store"}, std::string{"m"}));
};

} // namespace

TEST_CASE("a deployment gives the programs of the node's own groups") {
  lone_persistence x;
  auto programs = x.deploy(*x.job).value();
  CHECK(programs->size() == 3);
  CHECK(programs->at(0)->save().layer == 1);
  CHECK(programs->at(2)->save().layer == 3);
}

TEST_CASE("slices are written when all groups have sent theirs, in any order") {
  lone_persistence x;
  auto programs = x.deploy(*x.job).value();
  x.save(1, programs->at(2)->save());
  x.begin(1, 3);
  x.save(1, programs->at(0)->save());
  CHECK(x.record->slices.empty());
  x.save(1, programs->at(1)->save());
  REQUIRE(x.record->slices.size() == 1);
  auto& told = x.record->slices[0];
  CHECK(told.generation == 1);
  CHECK(told.node == 0);
  auto slices = decode_slices(std::as_bytes(std::span{told.slices}));
  REQUIRE(slices);
  REQUIRE(!slices->empty());
  CHECK(slices->front().layer == 1);
  CHECK(slices->back().layer == 3);
}

TEST_CASE("loading is told of from the first byte to the last") {
  lone_persistence x;
  manifest next;
  next.epoch = next.run = 1;
  next.net = x.job->net;
  next.parts = x.job->parts;
  uint64_t own = 0;
  for (node_index self : {1, 0}) {
    auto job = *x.job;
    job.self = self;
    auto programs = x.deploy(job).value();
    x.begin(1, static_cast<uint32_t>(programs->size()));
    for (auto& program : *programs)
      x.save(1, program->save());
    auto& told = x.record->slices.back().slices;
    auto slices = decode_slices(std::as_bytes(std::span{told}));
    REQUIRE(slices);
    own = 0; // Node 0 comes last.
    for (auto& slice : *slices) {
      own += slice.length;
      next.slices.push_back(slice);
    }
  }
  REQUIRE(model_store(x.fs, "store/m").commit(next));
  auto again = std::make_shared<deployment>(*x.job);
  again->generation = 1;
  uint64_t bytes = 0, of = 0;
  auto& state = state_of<persistence_state>(x.actor);
  auto loaded =
      state.prepare(again, carried_groups{}, [&](auto done, auto all) {
        CHECK(done > bytes);
        bytes = done;
        of = all;
      });
  REQUIRE_MESSAGE(loaded, explain(loaded.error()));
  CHECK(of == own);
  CHECK(bytes == own);
}

TEST_CASE("a node without parameters has nothing to write and says so") {
  lone_persistence x;
  x.deploy(*x.job).value();
  x.begin(1, 0);
  REQUIRE(x.record->slices.size() == 1);
  CHECK(decode_slices(std::as_bytes(std::span{x.record->slices[0].slices}))
            ->empty());
}

TEST_CASE("parameters that are not finite are not written") {
  lone_persistence x;
  auto programs = x.deploy(*x.job).value();
  auto bad = programs->at(0)->save();
  auto extent = bad.parameters[0].values.extent();
  bad.parameters[0].values =
      ramp(extent, std::numeric_limits<float>::quiet_NaN());
  x.begin(1, 1);
  x.save(1, bad);
  CHECK(x.record->slices.empty());
  REQUIRE(x.record->failures.size() == 1);
  CHECK(code_of(x.record->failures[0]) == ec::diverged);
  CHECK(explain(x.record->failures[0]).find("'hidden'") != std::string::npos);
}

TEST_CASE("a store that is not the job's is refused") {
  lone_persistence x;
  auto plan = *x.job;
  plan.store_epoch = 1;
  plan.token = "of another store";
  CHECK(code_of(x.deploy(plan).error()) == ec::store_missing);
  plan.token = *model_store{x.fs, "store/m"}.epoch_token(1);
  CHECK(x.deploy(plan).value()->size() == 3);
  plan.store_epoch = 2;
  CHECK(code_of(x.deploy(plan).error()) == ec::store_missing);
}

TEST_CASE("a generation that is not there is refused") {
  lone_persistence x;
  auto plan = *x.job;
  plan.generation = 7;
  CHECK(code_of(x.deploy(plan).error()) != ec::none);
}

TEST_CASE("what an ended job still sends is not taken for the next job's") {
  lone_persistence x;
  auto old = x.deploy(*x.job).value()->at(0)->save();
  auto next = *x.job;
  next.epoch = 2;
  auto programs = x.deploy(next).value();
  x.begin(1, 3);
  x.save(1, old, 1);
  x.save(1, programs->at(1)->save(), 2);
  x.save(1, programs->at(2)->save(), 2);
  CHECK(x.record->slices.empty());
  x.save(1, programs->at(0)->save(), 2);
  CHECK(x.record->slices.size() == 1);
}

TEST_CASE("a store that cannot be written is told to the driver") {
  lone_persistence x;
  auto next = *x.job;
  next.model = "nobody claimed";
  auto programs = x.deploy(next).value();
  x.begin(1, 1);
  x.save(1, programs->at(0)->save());
  REQUIRE(x.record->unsaved.size() == 1);
  CHECK(code_of(x.record->unsaved[0]) == ec::store_unwritable);
}
