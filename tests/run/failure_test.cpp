#include "nnactor/cluster/persistence.hpp"
#include "run/jobs.hpp"
#include "store/observed_filesystem.hpp"

#include <cmath>
#include <limits>

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

/// Examples of which one is not a number.
class poisoned_data : public made_up_data {
public:
  using made_up_data::made_up_data;

  examples gather(split part,
                  const std::vector<uint64_t>& indices) const override {
    auto out = made_up_data::gather(part, indices);
    auto width = out.inputs.extent().columns;
    tensor_builder<float> x{out.inputs.extent()};
    std::ranges::copy(out.inputs.values<float>(), x.values().begin());
    for (size_t i = 0; i < indices.size(); ++i)
      if (part == split::train && indices[i] == 7)
        x.values()[i * width] = std::numeric_limits<float>::quiet_NaN();
    out.inputs = std::move(x).share();
    return out;
  }
};

/// The first step whose batch has that example.
uint64_t first_bad_step(const prepared_job& job) {
  batch_order order{job.data->size(split::train), job.how.run.train.batch,
                    job.how.run.train.seed};
  uint64_t bad = 0;
  while (std::ranges::count(order.batch(bad), 7u) == 0)
    ++bad;
  return bad;
}

} // namespace

TEST_CASE("a loss that is no number ends the run and names the step") {
  auto net = skipping_network();
  auto job = small_job(net, dealt(net, 2, 1), 60);
  job.data = std::make_shared<poisoned_data>(net, 960, 40);
  auto bad = first_bad_step(job);
  // The seed is such that some generations come before it.
  REQUIRE(bad >= 10);
  REQUIRE(bad < 60);
  for (uint64_t seed : {0, 1, 2, 3}) {
    simulated_cluster x{{.seed = seed, .nodes = 2}};
    auto out = x.train(job);
    CHECK(code_of(out->failure) == ec::diverged);
    CHECK(mentions(explain(out->failure), fmt::format("at step {};", bad + 1)));
    CHECK(mentions(explain(out->failure), "is kept in store/tiny"));
    CHECK(out->count(kind::step) == bad);
    auto newest = x.store().open(choice::newest);
    REQUIRE(newest);
    CHECK(newest->step <= bad);
    CHECK(x.store().verify(*newest, [](uint64_t) {})->empty());
    for (auto& layer : content(x.store()))
      for (auto& p : layer.parameters)
        for (auto value : p.values.values<float>())
          REQUIRE(std::isfinite(value));
  }
}

TEST_CASE("parameters are not committed before a loss has shown them sound") {
  auto net = skipping_network();
  auto job = small_job(net, dealt(net, 2, 1), 60);
  job.data = std::make_shared<poisoned_data>(net, 960, 40);
  job.how.store.every = 1;
  auto bad = first_bad_step(job);
  REQUIRE(bad % 10 != 0);
  for (uint64_t seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    simulated_cluster x{{.seed = seed, .nodes = 2}};
    auto out = x.train(job);
    CHECK(code_of(out->failure) == ec::diverged);
    // Those of step `bad` were finite, but the first loss by them was none.
    CHECK(x.store().open(choice::newest)->step < bad);
  }
}

TEST_CASE("groups that stop are a timeout that says who waits for what") {
  auto net = language_model();
  simulated_cluster x{{.nodes = 2}};
  auto out = x.start_training(small_job(net, dealt(net, 2, 1), 60));
  run_steps(x, out, 12);
  // The node still answers, but one of its groups has stopped.
  auto& node = state_of<node_state>(x.nodes[1]);
  caf::anon_send_exit(node.job->groups.begin()->second, caf::exit_reason::kill);
  x.world.settle();
  CHECK(!out->ended);
  x.world.advance(std::chrono::seconds{29});
  CHECK(!out->ended);
  x.world.advance(std::chrono::seconds{3});
  REQUIRE(out->ended);
  CHECK(code_of(out->failure) == ec::timeout);
  CHECK(mentions(explain(out->failure), "nothing has moved for 30 s"));
  CHECK(mentions(explain(out->failure), "waiting for"));
  CHECK(mentions(explain(out->failure), "node:"));
}

TEST_CASE("as long as something moves there is no timeout") {
  auto net = language_model();
  simulated_cluster x{{.seed = 1, .nodes = 2}};
  auto job = small_job(net, dealt(net, 2, 1), 20);
  auto out = x.start_training(job);
  std::chrono::seconds passed{0};
  // A second for every 50 messages.
  while (!out->ended && passed < std::chrono::hours{1}) {
    for (int i = 0; i < 50; ++i)
      x.world.step();
    x.world.tick(std::chrono::seconds{1});
    ++passed;
  }
  CHECK(passed > 2 * std::chrono::seconds{30});
  CHECK(!out->failure);
  CHECK(out->count(kind::step) == 20);
}

TEST_CASE("a node that stops answering is lost, and the run goes on") {
  auto net = language_model();
  simulated_cluster x{{.nodes = 2}};
  auto job = small_job(net, dealt(net, 2, 1), 60);
  auto out = x.start_training(job);
  run_steps(x, out, 12);
  // From here on a mailbox without a reader stands for node 2.
  auto mute = x.world.adopt(
      x.world.system().spawn([](caf::event_based_actor* self) -> caf::behavior {
        self->set_default_handler(caf::skip);
        return {[](leave_atom) {}};
      }));
  auto& trainer = state_of<trainer_state>(x.trainer);
  auto view = std::make_shared<deployed_network>(*trainer.network);
  view->cluster.members[1].node = caf::actor_cast<node_actor>(mute);
  trainer.network = view;
  x.world.advance(std::chrono::seconds{40});
  x.world.settle();
  REQUIRE(out->ended);
  CHECK(!out->failure);
  auto told = out->of(kind::notice);
  REQUIRE(!told.empty());
  CHECK(told.front().text.starts_with("node 2 (node:2) is lost"));
}

TEST_CASE("a disk that fails for good ends the run, with a good generation") {
  auto net = language_model();
  for (uint64_t seed = 0; seed < 8; ++seed) {
    CAPTURE(seed);
    auto disk = make_memory_filesystem();
    auto storage = std::make_shared<observed_filesystem>(disk);
    simulated_cluster x{{.seed = seed, .nodes = 2, .storage = storage}};
    auto out = x.start_training(small_job(net, dealt(net, 2, 1), 30));
    run_commits(x, out, 1);
    storage->stay_down = true;
    storage->fail_at = storage->operations + 1 + seed;
    x.world.settle();
    // All is trained; the last generation may yet find room.
    CHECK(out->count(kind::step) == 30);
    CHECK(!out->ended);
    x.world.advance(std::chrono::seconds{35});
    CHECK(out->ended);
    CHECK(code_of(out->failure) == ec::store_unwritable);
    auto store = model_store{disk, "store/tiny"};
    auto newest = store.open(choice::newest);
    REQUIRE(newest);
    CHECK(newest->step >= 10);
    CHECK(store.verify(*newest, [](uint64_t) {})->empty());
  }
}

TEST_CASE("whatever the disk fails at once, training goes on to the same end") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 12);
  job.how.store.every = 4;
  std::vector<parameter_set> expected;
  uint64_t operations = 0;
  {
    auto count =
        std::make_shared<observed_filesystem>(make_memory_filesystem());
    simulated_cluster x{{.nodes = 2, .storage = count}};
    REQUIRE(!x.train(job)->failure);
    operations = count->operations;
    expected = content(x.store());
  }
  // The first operations claim the epoch and find the model.
  uint64_t told = 0;
  for (uint64_t at = 30; at <= operations; ++at) {
    CAPTURE(at);
    auto disk = make_memory_filesystem();
    auto storage = std::make_shared<observed_filesystem>(disk);
    simulated_cluster x{{.nodes = 2, .storage = storage}};
    storage->fail_at = at;
    auto out = x.start_training(job);
    x.world.settle();
    if (!out->ended)
      x.world.advance(std::chrono::seconds{2});
    REQUIRE(out->ended);
    REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    told += notices(*out, "is not saved");
    CHECK(same_bytes(content({disk, "store/tiny"}), expected));
  }
  CHECK(told > 10);
}

TEST_CASE("a store that is another's is refused before anything is trained") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 10);
  simulated_cluster x{{.nodes = 2}};
  auto& node = state_of<node_state>(x.nodes[1]);
  // Node 2 was started with another folder. What it was linked to must live.
  x.world.adopt(node.persistence);
  node.persistence = x.world.adopt(x.world.system().spawn(
      run_persistence, x.storage, std::string{"elsewhere"}, std::string{}));
  auto out = x.train(job);
  CHECK(code_of(out->failure) == ec::store_missing);
  CHECK(mentions(explain(out->failure), "node:2"));
  CHECK(mentions(explain(out->failure), "--store"));
}

TEST_CASE("messages of hostile or confused peers do not move a trainer") {
  auto net = language_model();
  simulated_cluster x{{.nodes = 2}};
  auto job = small_job(net, dealt(net, 2, 1), 20);
  auto out = x.start_training(job);
  run_steps(x, out, 5);
  auto epoch = x.deployed->job->epoch;
  driver_actor trainer{x.trainer};
  caf::anon_send(trainer, failed_atom::value, epoch + 1,
                 fail(ec::internal, "of another job"));
  caf::anon_send(trainer, norm_atom::value, epoch, uint64_t{999}, group_id{2},
                 uint64_t{0});
  caf::anon_send(trainer, credit_atom::value, epoch, uint64_t{0}, uint32_t{0},
                 group_id{2});
  caf::anon_send(trainer, written_atom::value, epoch, uint64_t{77},
                 node_index{0}, std::vector<char>(10, 'x'));
  x.world.settle();
  CHECK(out->ended);
  CHECK(!out->failure);
  CHECK(out->count(kind::step) == 20);
}
