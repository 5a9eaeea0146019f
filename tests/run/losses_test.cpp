#include "run/jobs.hpp"
#include "store/fixture.hpp"

#include <cmath>

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

double largest_difference(const parameter_set& x, const parameter_set& y) {
  REQUIRE(x.parameters.size() == y.parameters.size());
  double largest = 0;
  for (size_t i = 0; i < x.parameters.size(); ++i) {
    auto xs = x.parameters[i].values.values<float>();
    auto ys = y.parameters[i].values.values<float>();
    REQUIRE(xs.size() == ys.size());
    for (size_t j = 0; j < xs.size(); ++j)
      largest = std::max(largest, std::abs(double{xs[j]} - double{ys[j]}));
  }
  return largest;
}

} // namespace

TEST_CASE("what happens is told") {
  auto net = language_model();
  simulated_cluster x{{.nodes = 3}};
  auto out = x.start_training(small_job(net, dealt(net, 3, 1), 60));
  run_commits(x, out, 2);
  x.kill(1);
  run_to_the_end(x, out);
  CHECK(!out->failure);
  CHECK(notices(*out, "node 2 (node:2) is lost; going back to step 20"));
  CHECK(notices(*out, "its groups are on 2 nodes now; going on at step 20"));
}

TEST_CASE("the last node to die ends the run and says how to go on") {
  auto net = language_model();
  simulated_cluster x{{.nodes = 2}};
  auto out = x.start_training(small_job(net, dealt(net, 2, 1), 60));
  run_commits(x, out, 2);
  x.kill(0);
  x.kill(1);
  run_to_the_end(x, out);
  CHECK(code_of(out->failure) == ec::node_lost);
  auto why = explain(out->failure);
  CHECK(mentions(why, "no other is left"));
  CHECK(mentions(why, "nnactor run CONFIG --resume"));
  auto newest = x.store().open(choice::newest);
  REQUIRE(newest);
  CHECK(x.store().verify(*newest, [](uint64_t) {})->empty());
}

TEST_CASE("a node that joined without groups takes those of one that died") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 40);
  auto expected = train(job, {.nodes = 2});
  simulated_cluster x{{.nodes = 2, .spares = 1}};
  auto out = x.start_training(job);
  auto answer = x.world.ask<std::string>(x.trainer, command_atom::value,
                                         std::string{"join node:3"});
  REQUIRE(x.world.settle_until([&] { return answer.is_there(); }));
  x.kill(0);
  run_to_the_end(x, out);
  CHECK(!out->failure);
  CHECK(same_bytes(content(x.store()), expected.model));
  CHECK(state_of<trainer_state>(x.trainer).network->reports[1].groups > 0);
}

TEST_CASE("two nodes that lose each other cost one of them its groups") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 3, 1), 40);
  auto expected = train(job, {.nodes = 3});
  simulated_cluster x{{.nodes = 3}};
  auto out = x.start_training(job);
  run_steps(x, out, 15);
  auto epoch = x.deployed->job->epoch;
  driver_actor trainer{x.trainer};
  caf::anon_send(trainer, lost_atom::value, epoch, node_index{2});
  caf::anon_send(trainer, lost_atom::value, epoch, node_index{1});
  run_to_the_end(x, out);
  CHECK(!out->failure);
  CHECK(same_bytes(content(x.store()), expected.model));
  CHECK(state_of<trainer_state>(x.trainer).network->cluster.members.size()
        == 2);
}

TEST_CASE("a generation that is damaged meanwhile is passed over") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 60);
  auto expected = train(job, {.nodes = 2});
  simulated_cluster x{{.nodes = 2}};
  auto out = x.start_training(job);
  run_commits(x, out, 2);
  auto newest = x.store().open(choice::newest);
  REQUIRE(newest);
  auto before = x.store().open(newest->generation - 1)->step;
  auto& slice = newest->slices.front();
  flip(*x.storage, "store/tiny/" + slice.file, slice.offset);
  x.kill(1);
  run_to_the_end(x, out);
  CHECK(!out->failure);
  CHECK(notices(*out, "generation 2 is damaged"));
  CHECK(notices(*out, fmt::format("going on at step {} ", before)));
  CHECK(same_bytes(content(x.store()), expected.model));
}

TEST_CASE("a model goes on under another split, with its optimizer's state") {
  auto net = language_model();
  auto expected = train(small_job(net, dealt(net, 3, 1), 60), {.nodes = 3});
  for (uint32_t nodes : {1, 2, 5}) {
    CAPTURE(nodes);
    auto storage = std::make_shared<memory_filesystem>();
    {
      simulated_cluster x{{.nodes = 3, .storage = storage}};
      REQUIRE(!x.train(small_job(net, dealt(net, 3, 1), 30))->failure);
    }
    simulated_cluster x{{.nodes = nodes, .storage = storage}};
    auto out =
        x.resume_training(small_job(net, dealt(net, nodes, 2), 60), true);
    run_to_the_end(x, out);
    CHECK(!out->failure);
    auto got = content(x.store());
    REQUIRE(got.size() == expected.model.size());
    for (size_t i = 0; i < got.size(); ++i)
      CHECK(largest_difference(got[i], expected.model[i]) < 1e-4);
  }
}

TEST_CASE("what a lost node says later moves nothing") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 3, 1), 40);
  simulated_cluster x{{.nodes = 3}};
  auto out = x.start_training(job);
  run_commits(x, out, 1);
  auto old = x.deployed->job->epoch;
  driver_actor trainer{x.trainer};
  caf::anon_send(trainer, lost_atom::value, old, node_index{2});
  REQUIRE(x.world.settle_until([&] {
    return state_of<trainer_state>(x.trainer).network->job->epoch > old;
  }));
  caf::anon_send(trainer, failed_atom::value, old,
                 fail(ec::device_failure, "of a zombie"));
  caf::anon_send(trainer, written_atom::value, old, uint64_t{2}, node_index{2},
                 std::vector<char>(10, 'x'));
  caf::anon_send(trainer, lost_atom::value, old, node_index{0});
  run_to_the_end(x, out);
  CHECK(!out->failure);
}
