#include "front_end/node_on_loopback.hpp"

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

/// What a run has told.
struct told {
  std::vector<deployed_network> placed;
  std::vector<progress> events;

  size_t count(kind what) const {
    return static_cast<size_t>(
        std::ranges::count(events, what, &progress::what));
  }
};

/// Joins and trains; `meanwhile` is called at every event.
told train(training_run& run,
           const std::function<void(const progress&)>& meanwhile = {}) {
  told out;
  auto joined = run.join();
  REQUIRE_MESSAGE(!joined, explain(joined));
  CHECK(!run.began());
  auto err = run.train([&](auto& network) { out.placed.push_back(network); },
                       [&](const progress& event) {
                         out.events.push_back(event);
                         if (meanwhile)
                           meanwhile(event);
                       });
  CHECK_MESSAGE(!err, explain(err));
  CHECK(run.began());
  CHECK(out.placed.size() == 1);
  return out;
}

} // namespace

TEST_CASE("a run leaves a model, which is in the way of the next one") {
  node_on_loopback node;
  auto job = node.job(30);
  {
    training_run run{job, {}};
    CHECK(!run.find_conflict());
    auto out = train(run);
    CHECK(!run.control_address().empty());
    CHECK(out.count(kind::step) == 30);
    CHECK(out.events.back().what == kind::finished);
    CHECK(*run.store().generations() == std::vector<uint64_t>{1, 2, 3});
    auto found = run.find_conflict();
    REQUIRE(found);
    CHECK(found->owner); // As long as the run is there.
  }
  training_run next{job, {}};
  auto found = next.find_conflict();
  REQUIRE(found);
  CHECK(!found->owner);
  CHECK(found->model->newest->step == 30);
}

TEST_CASE("a run goes on from the newest generation") {
  node_on_loopback node;
  node.train_a_model(20);
  auto job = node.job(30);
  training_run run{job, {.use = store_use::resume}};
  CHECK(!run.find_conflict());
  auto out = train(run);
  CHECK(out.placed.front().job->step == 20);
  CHECK(out.count(kind::step) == 10);
  CHECK(!run.find_costly_split());
}

TEST_CASE("a run passes over a generation that is damaged, and says so") {
  node_on_loopback node;
  node.train_a_model(20);
  model_store store{make_posix_filesystem(), node.model()};
  auto newest = store.open(choice::newest);
  REQUIRE(newest);
  for (auto& x : newest->slices)
    flip(*make_posix_filesystem(), node.model() + "/" + x.file, x.offset);
  auto job = node.job(30);
  training_run run{job, {.use = store_use::resume}};
  auto out = train(run);
  CHECK(out.count(kind::notice) == 1);
  CHECK(out.placed.front().job->step == 10);
  CHECK(out.count(kind::step) == 20);
}

TEST_CASE("a run that is stopped ends its step and saves it") {
  node_on_loopback node;
  auto job = node.job(1000);
  training_run run{job, {}};
  auto out = train(run, [&](const progress& event) {
    if (event.what == kind::step && event.step == 5)
      run.stop();
  });
  CHECK(out.events.back().what == kind::stopped);
  CHECK(out.events.back().saved
        == run.store().open(choice::newest)->generation);
}

TEST_CASE("what cannot be trained is told before anything is written") {
  node_on_loopback node;
  auto job = node.job(30);
  SUBCASE("there is nothing to resume") {
    training_run run{job, {.use = store_use::resume}};
    CHECK(code_of(run.join()) == ec::store_missing);
  }
  SUBCASE("no node is there") {
    job.how.cluster.addresses = {"127.0.0.1:1"};
    job.how.cluster.connect_timeout_ms = 200;
    training_run run{job, {}};
    CHECK(code_of(run.join()) == ec::unreachable);
  }
  CHECK(!make_posix_filesystem()->exists(node.model()));
}
