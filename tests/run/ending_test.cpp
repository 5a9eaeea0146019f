#include "run/jobs.hpp"
#include "store/observed_filesystem.hpp"

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;
using stage = trainer_state::stage;

namespace {

prepared_job language_job(uint64_t steps) {
  auto net = language_model();
  return small_job(net, dealt(net, 2, 1), steps);
}

void stop(simulated_cluster& x) {
  caf::anon_send(x.trainer, stop_atom::value);
}

/// Where an ended job says that it stands, which must be true.
uint64_t stopped_at(simulated_cluster& x,
                    const simulated_cluster::outcome_ptr& out) {
  x.world.settle();
  REQUIRE(out->ended);
  REQUIRE_MESSAGE(!out->failure, explain(out->failure));
  auto told = out->of(kind::stopped);
  REQUIRE(told.size() == 1);
  auto newest = x.store().open(choice::newest);
  if (told[0].saved == 0) {
    CHECK(code_of(newest.error()) == ec::store_missing);
    return 0;
  }
  REQUIRE(newest);
  CHECK(newest->generation == told[0].saved);
  CHECK(newest->step == told[0].step);
  CHECK(x.store().verify(*newest, [](uint64_t) {})->empty());
  return newest->step;
}

} // namespace

TEST_CASE("a run that is told to end saves its step and goes on from there") {
  auto job = language_job(30);
  std::vector<parameter_set> expected;
  {
    simulated_cluster x{{.nodes = 2}};
    REQUIRE(!x.train(job)->failure);
    expected = content(x.store());
  }
  // Wherever it is: between two messages.
  for (uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    auto disk = make_memory_filesystem();
    uint64_t at = 0;
    {
      simulated_cluster x{{.seed = seed, .nodes = 2, .storage = disk}};
      auto out = x.start_training(job);
      run_steps(x, out, 1 + seed / 2);
      for (uint64_t i = 0; i < 7 * seed % 31; ++i)
        x.world.step();
      auto steps = out->count(kind::step);
      stop(x);
      at = stopped_at(x, out);
      CHECK(at >= steps);
      // What was under way, and no more.
      CHECK(at <= steps + 2);
      CHECK(out->count(kind::finished) == 0);
    }
    simulated_cluster y{{.seed = seed, .nodes = 1, .storage = disk}};
    auto out = y.resume_training(job);
    y.world.settle_until([&] { return out->ended; });
    y.world.settle();
    REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    CHECK(out->of(kind::step).front().step == at + 1);
    CHECK(same_bytes(content(y.store()), expected));
  }
}

TEST_CASE(
    "a paused run ends at once, and saves nothing before its first step") {
  simulated_cluster x{{.nodes = 2}};
  auto out = x.start_training(language_job(30));
  auto paused = x.world.ask<std::string>(x.trainer, command_atom::value,
                                         std::string{"pause"});
  SUBCASE("at its first step") {
    x.world.settle();
    REQUIRE(state_of<trainer_state>(x.trainer).now == stage::paused);
    auto step = state_of<trainer_state>(x.trainer).boundary;
    // Time in a pause is no time that a save has taken.
    x.world.advance(std::chrono::minutes{5});
    stop(x);
    CHECK(stopped_at(x, out) == step);
  }
  SUBCASE("and told twice") {
    x.world.settle();
    stop(x);
    stop(x);
    stopped_at(x, out);
  }
}

TEST_CASE("shells that wait for a boundary are told that there is none") {
  simulated_cluster x{{.nodes = 2}};
  auto out = x.start_training(language_job(60));
  run_steps(x, out, 12);
  auto saved = x.world.ask<std::string>(x.trainer, command_atom::value,
                                        std::string{"rebalance"});
  while (state_of<trainer_state>(x.trainer).requests.empty())
    REQUIRE(x.world.step());
  stop(x);
  stopped_at(x, out);
  CHECK(explain(saved.error()) == "the run was told to end");
  auto late = x.world.ask_now<std::string>(x.trainer, command_atom::value,
                                           std::string{"status"});
  CHECK(explain(late.error()) == "the run has ended");
}

TEST_CASE("a run that is told to end while it recovers ends where it stands") {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    CAPTURE(seed);
    simulated_cluster x{{.seed = seed, .nodes = 2}};
    auto out = x.start_training(language_job(60));
    run_steps(x, out, 12);
    x.kill(1);
    REQUIRE(x.world.settle_until([&] {
      return state_of<trainer_state>(x.trainer).now == stage::recovering;
    }));
    for (uint64_t i = 0; i < seed; ++i)
      x.world.step();
    stop(x);
    auto at = stopped_at(x, out);
    CHECK(at >= 10);
  }
}

TEST_CASE("a node that is lost while a run ends does not keep it") {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    simulated_cluster x{{.seed = seed, .nodes = 2}};
    auto out = x.start_training(language_job(60));
    run_steps(x, out, 12);
    stop(x);
    for (uint64_t i = 0; i < 3 * seed; ++i)
      x.world.step();
    if (out->ended)
      break;
    x.kill(0);
    auto at = stopped_at(x, out);
    CHECK(at >= 10);
  }
}

TEST_CASE("the end is tried again with pauses, not for ever, and says what is "
          "saved") {
  // Nodes write what they have, so something moves all the time.
  auto disk = std::make_shared<observed_filesystem>(make_memory_filesystem());
  simulated_cluster x{{.nodes = 2, .storage = disk}};
  auto out = x.start_training(language_job(30));
  run_commits(x, out, 2);
  disk->full = true;
  x.world.settle();
  CHECK(!out->ended);
  auto tried = disk->operations;
  x.world.advance(std::chrono::seconds{20});
  CHECK(!out->ended);
  // Twice a second, with about a hundred operations.
  CHECK(disk->operations - tried < 40 * 150);
  x.world.advance(std::chrono::seconds{15});
  REQUIRE(out->ended);
  CHECK(code_of(out->failure) == ec::store_unwritable);
  auto text = explain(out->failure);
  CAPTURE(text);
  CHECK(text.find("step 30 could not be saved within 30 s") == 0);
  CHECK(
      text.find("generation 2 of step 20 is kept in store/tiny, go on from it "
                "with `nnactor run CONFIG --resume`")
      != std::string::npos);
  auto told = notices(*out, "trying again");
  CHECK(told >= 1);
  CHECK(told <= 2);
}

TEST_CASE("a disk that has room again in time gets the end") {
  auto disk = std::make_shared<observed_filesystem>(make_memory_filesystem());
  simulated_cluster x{{.nodes = 2, .storage = disk}};
  auto out = x.start_training(language_job(30));
  run_commits(x, out, 2);
  disk->full = true;
  x.world.advance(std::chrono::seconds{10});
  CHECK(!out->ended);
  disk->full = false;
  x.world.advance(std::chrono::seconds{2});
  REQUIRE(out->ended);
  CHECK(!out->failure);
  CHECK(x.store().open(choice::newest)->step == 30);
}

TEST_CASE("a store that is removed while it trains ends the run at its next "
          "generation") {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    CAPTURE(seed);
    auto disk = make_memory_filesystem();
    simulated_cluster x{{.seed = seed, .nodes = 2, .storage = disk}};
    auto out = x.start_training(language_job(60));
    run_commits(x, out, 1);
    auto saved = out->count(kind::step);
    REQUIRE(!disk->remove("store/tiny/epoch.1"));
    x.world.settle();
    REQUIRE(out->ended);
    CHECK(code_of(out->failure) == ec::store_missing);
    CHECK(mentions(explain(out->failure), "removed or replaced"));
    CHECK(out->count(kind::step) <= saved + 20);
  }
}
