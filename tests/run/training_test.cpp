#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

std::vector<uint64_t> steps_of(const std::vector<progress>& events) {
  std::vector<uint64_t> out;
  for (auto& x : events)
    out.push_back(x.step);
  return out;
}

/// Stands before a node, but keeps back its answers to requests to save until
/// it gets a `ready_atom`.
caf::actor spawn_slow_courier(actor_world& in, const node_actor& node,
                              std::shared_ptr<size_t> held) {
  using promise = caf::typed_response_promise<uint64_t>;
  return in.adopt(in.system().spawn(
      [node, held](caf::event_based_actor* self) -> caf::behavior {
        auto answers = std::make_shared<std::vector<promise>>();
        return {
            [=](update_atom, uint64_t epoch, uint64_t step, uint32_t scale) {
              self->send(node, update_atom::value, epoch, step, scale);
            },
            [=](traffic_atom) {
              return self->delegate(node, traffic_atom::value);
            },
            [=](save_atom, uint64_t epoch, uint64_t generation,
                uint64_t step) -> caf::result<uint64_t> {
              self->request(node, caf::infinite, save_atom::value, epoch,
                            generation, step)
                  .then([](uint64_t) {});
              answers->push_back(self->make_response_promise<uint64_t>());
              *held = answers->size();
              return answers->back();
            },
            [=](ready_atom) {
              for (auto& answer : *answers)
                answer.deliver(uint64_t{0});
              answers->clear();
              *held = 0;
            },
        };
      }));
}

} // namespace

TEST_CASE("a run tells every step, validates, commits and finishes") {
  auto net = language_model();
  for (uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    simulated_cluster x{{.seed = seed, .nodes = 2}};
    auto out = x.train(small_job(net, dealt(net, 2, 1), 25));
    REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    auto steps = steps_of(out->of(kind::step));
    REQUIRE(steps.size() == 25);
    for (uint64_t i = 0; i < 25; ++i)
      CHECK(steps[i] == i + 1);
    CHECK(steps_of(out->of(kind::validation))
          == std::vector<uint64_t>{10, 20, 25});
    CHECK(steps_of(out->of(kind::committed))
          == std::vector<uint64_t>{10, 20, 25});
    CHECK(out->count(kind::finished) == 1);
    CHECK(out->events.back().what == kind::finished);
    CHECK(out->events.back().step == 25);
  }
}

TEST_CASE("what is committed is what a reader opens") {
  auto net = language_model();
  auto parts = dealt(net, 2, 1);
  simulated_cluster x{{.nodes = 2}};
  auto out = x.train(small_job(net, parts, 30));
  REQUIRE(!out->failure);
  auto store = x.store();
  auto newest = store.open(choice::newest);
  REQUIRE(newest);
  CHECK(newest->generation == 3);
  CHECK(newest->step == 30);
  CHECK(newest->parts.parts == parts.parts);
  CHECK(newest->validation_loss == out->of(kind::validation).back().loss);
  auto damages = store.verify(*newest, [](uint64_t) {});
  REQUIRE(damages);
  CHECK(damages->empty());
}

TEST_CASE("validation is over the whole split and learns") {
  auto net = language_model();
  simulated_cluster x{{.nodes = 2}};
  auto job = small_job(net, dealt(net, 2, 1), 60);
  job.data = std::make_shared<made_up_data>(net, 96, 2500);
  auto out = x.train(job);
  REQUIRE(!out->failure);
  // Three micro-batches of validation give what one pass over all gives.
  auto dev = make_reference_device();
  plain_loop loop{net, job.graph, job.how.run.train, *dev};
  REQUIRE(!loop.load(regroup(content(x.store()), job.graph), 60));
  std::vector<uint64_t> all(2500);
  for (uint64_t i = 0; i < all.size(); ++i)
    all[i] = i;
  auto batch = job.data->gather(split::validation, all);
  auto expected = loop.evaluate(batch.inputs, batch.targets);
  auto last = out->of(kind::validation).back();
  CHECK(last.loss == doctest::Approx(expected.loss_sum / 2500));
  CHECK(last.accuracy == expected.correct / 2500);
  CHECK(last.loss < out->of(kind::validation).front().loss);
}

TEST_CASE("commits have a period of their own") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 30);
  job.how.store.every = 4;
  for (uint64_t seed : {0, 1, 2, 3, 4, 5}) {
    simulated_cluster x{{.seed = seed, .nodes = 2}};
    auto out = x.train(job);
    REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    CHECK(steps_of(out->of(kind::committed))
          == std::vector<uint64_t>{4, 8, 12, 16, 20, 24, 28, 30});
    CHECK(steps_of(out->of(kind::validation))
          == std::vector<uint64_t>{10, 20, 30});
  }
}

TEST_CASE("the last generations are kept, and the best") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 80);
  job.how.store.keep = 2;
  simulated_cluster x{{.nodes = 2}};
  auto out = x.train(job);
  REQUIRE(!out->failure);
  auto kept = x.store().generations();
  REQUIRE(kept);
  CHECK(kept->size() >= 2);
  CHECK(kept->size() <= 3);
  CHECK(kept->back() == 8);
  CHECK(x.store().open(choice::best));
}

TEST_CASE("a second run continues the numbers of generations") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 10);
  auto storage = make_memory_filesystem();
  for (uint64_t generation : {1, 2, 3}) {
    simulated_cluster x{{.nodes = 1, .storage = storage}};
    auto out = x.train(job);
    REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    CHECK(x.store().open(choice::newest)->generation == generation);
  }
}

TEST_CASE("bytes over links are counted, and none cross for nothing") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 10);
  auto bytes_on = [&](uint32_t nodes, uint64_t seed) {
    simulated_cluster x{{.seed = seed, .nodes = nodes}};
    auto out = x.train(job);
    REQUIRE(!out->failure);
    return out->events.back().bytes;
  };
  auto two = bytes_on(2, 0);
  CHECK(two > bytes_on(1, 0));
  CHECK(two == bytes_on(2, 1));
  // On one node only inputs, targets and losses cross, each once.
  uint64_t step = 16 * (5 + 1) * 4 + 4 * 16;
  uint64_t validation = 40 * (5 + 1) * 4 + 16;
  CHECK(bytes_on(1, 0) == 10 * step + validation);
}

TEST_CASE("a commit that overtakes the answer of a node saves nothing twice") {
  auto net = language_model();
  simulated_cluster x{{.nodes = 2}};
  auto out = x.start_training(small_job(net, dealt(net, 2, 1), 20));
  run_steps(x, out, 2);
  auto held = std::make_shared<size_t>(0);
  auto& trainer = state_of<trainer_state>(x.trainer);
  auto view = std::make_shared<deployed_network>(*trainer.network);
  auto& second = view->cluster.members[1].node;
  auto courier = spawn_slow_courier(x.world, second, held);
  second = caf::actor_cast<node_actor>(courier);
  trainer.network = view;
  x.world.settle();
  // Written and committed, but one node has not said that it was asked.
  CHECK(steps_of(out->of(kind::committed)) == std::vector<uint64_t>{10});
  CHECK(*held == 1);
  caf::anon_send(courier, ready_atom::value);
  x.world.settle();
  CHECK(steps_of(out->of(kind::committed)) == std::vector<uint64_t>{10, 20});
  CHECK(*held == 1);
  CHECK(!out->ended);
  caf::anon_send(courier, ready_atom::value);
  x.world.settle();
  CHECK(out->ended);
  CHECK(!out->failure);
  CHECK(x.store().open(choice::newest)->generation == 2);
}

TEST_CASE("never more micro-batches are under way than the window has") {
  auto net = language_model();
  for (uint32_t window : {1, 2, 4, 7}) {
    simulated_cluster x{{.seed = window, .nodes = 2}};
    auto out = x.start_training(small_job(net, dealt(net, 2, 1), 20, window));
    x.world.step();
    auto& trainer = state_of<trainer_state>(x.trainer);
    uint32_t most = 0;
    x.world.settle_until([&] {
      most = std::max(most, trainer.in_flight);
      return out->ended;
    });
    CHECK(most == window);
  }
}
