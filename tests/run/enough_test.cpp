#include "run/jobs.hpp"

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

/// A job whose rate falls with its steps, so that each shows how many it was
/// planned for.
prepared_job job_of_steps(uint64_t steps) {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), steps);
  auto& rate = job.how.run.train.schedule;
  rate.kind = schedule_kind::cosine;
  rate.steps = steps;
  return job;
}

/// The validation losses of a run that nothing ends early, and its model.
const trained& whole_run() {
  static const auto out = train(job_of_steps(60), {.nodes = 2});
  return out;
}

/// Those losses fall, so this is enough at step 30, and not before.
double loss_of_step_30() {
  auto& losses = whole_run().validation;
  REQUIRE(losses.size() == 6);
  REQUIRE(losses[0] > losses[1]);
  REQUIRE(losses[1] > losses[2]);
  REQUIRE(losses[2] > losses[5]);
  return losses[2];
}

/// Where a run has ended in order, before its last step.
manifest end_of(simulated_cluster& x,
                const simulated_cluster::outcome_ptr& out) {
  REQUIRE(out->ended);
  REQUIRE_MESSAGE(!out->failure, explain(out->failure));
  REQUIRE(out->count(kind::finished) == 1);
  auto newest = x.store().open(choice::newest);
  REQUIRE(newest);
  CHECK(out->of(kind::finished)[0].step == newest->step);
  CHECK(x.store().verify(*newest, [](uint64_t) {})->empty());
  return *newest;
}

} // namespace

TEST_CASE("a run ends, saved, with a validation loss that is enough") {
  auto job = job_of_steps(60);
  job.how.run.stop_at_loss = loss_of_step_30();
  for (uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    // Also where no generation is due.
    job.how.store.every = seed % 2 == 0 ? 0 : 7;
    simulated_cluster x{{.seed = seed, .nodes = 2}};
    auto out = x.train(job);
    auto end = end_of(x, out);
    CHECK(end.step == 30);
    CHECK(end.validation_loss == job.how.run.stop_at_loss);
    CHECK(out->count(kind::step) == 30);
    CHECK(out->of(kind::finished)[0].text
          == fmt::format("validation loss {:.5g} is at most "
                         "train.stop_at_loss, {}",
                         *end.validation_loss, job.how.run.stop_at_loss));
  }
}

TEST_CASE("a run that comes to its last step says nothing of losses") {
  auto job = job_of_steps(30);
  job.how.run.stop_at_loss = 1e-9;
  simulated_cluster x{{.nodes = 2}};
  auto out = x.train(job);
  CHECK(end_of(x, out).step == 30);
  CHECK(out->of(kind::finished)[0].text.empty());
}

TEST_CASE("what was enough is resumed only for less") {
  auto job = job_of_steps(60);
  job.how.run.stop_at_loss = loss_of_step_30();
  auto disk = make_memory_filesystem();
  manifest end;
  {
    simulated_cluster x{{.nodes = 2, .storage = disk}};
    auto out = x.train(job);
    end = end_of(x, out);
  }
  auto refused = resume(job, end, false);
  CHECK(code_of(refused) == ec::invalid_config);
  CHECK(explain(refused)
        == fmt::format("the model in store/tiny has a validation loss of "
                       "{:.5g}, at most train.stop_at_loss, {}; set that lower "
                       "to go on",
                       *end.validation_loss, job.how.run.stop_at_loss));
  job.how.run.stop_at_loss = whole_run().validation[5];
  simulated_cluster x{{.nodes = 1, .storage = disk}};
  auto out = x.resume_training(job);
  x.world.settle_until([&] { return out->ended; });
  x.world.settle();
  CHECK(end_of(x, out).step == 60);
  CHECK(out->of(kind::step).front().step == 31);
  CHECK(same_bytes(content(x.store()), whole_run().model));
}

TEST_CASE("a node that is lost around that end does not change it") {
  auto job = job_of_steps(60);
  job.how.run.stop_at_loss = loss_of_step_30();
  std::vector<parameter_set> expected;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    simulated_cluster x{{.seed = seed, .nodes = 2}};
    auto out = x.start_training(job);
    if (seed > 0) {
      REQUIRE(x.world.settle_until(
          [&] { return out->count(kind::validation) == 3; }));
      for (uint64_t i = 0; i < seed; ++i)
        x.world.step();
      x.kill(seed % 2);
    }
    run_to_the_end(x, out);
    CHECK(end_of(x, out).step == 30);
    auto model = content(x.store());
    if (seed == 0)
      expected = model;
    CHECK(same_bytes(model, expected));
  }
}

TEST_CASE("a node that is lost when that end is saved changes nothing") {
  auto job = job_of_steps(60);
  job.how.run.stop_at_loss = loss_of_step_30();
  size_t recovered = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    simulated_cluster x{{.seed = seed, .nodes = 2}};
    auto out = x.start_training(job);
    run_commits(x, out, 2);
    // All is written, but not yet committed.
    auto& writer = state_of<trainer_state>(x.trainer).writer;
    REQUIRE(x.world.settle_until([&] {
      return writer.is_under_way() && writer.step() == 30 && !writer.missing();
    }));
    x.kill(seed % 2);
    run_to_the_end(x, out);
    CHECK(end_of(x, out).step == 30);
    CHECK(out->count(kind::step) == 30);
    CHECK(!out->of(kind::finished)[0].text.empty());
    recovered += notices(*out, "going on at step 30");
  }
  CHECK(recovered > 0);
}

TEST_CASE("shells are served at that end, too") {
  auto job = job_of_steps(60);
  job.how.run.stop_at_loss = loss_of_step_30();
  simulated_cluster x{{.nodes = 2}};
  auto out = x.start_training(job);
  run_steps(x, out, 29);
  auto moved = x.world.ask<std::string>(x.trainer, command_atom::value,
                                        std::string{"rebalance"});
  run_to_the_end(x, out);
  CHECK(moved.is_there());
  CHECK(end_of(x, out).step == 30);
}
