#include "run/jobs.hpp"

#include <random>

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

/// The end of a run that nobody disturbed, and how many messages it took.
struct undisturbed {
  std::vector<parameter_set> model;
  size_t messages = 0;
};

undisturbed run_in_peace(const prepared_job& job, const simulation& how) {
  simulated_cluster x{how};
  auto out = x.start_training(job);
  undisturbed result;
  while (!out->ended && x.world.step())
    ++result.messages;
  REQUIRE_MESSAGE(!out->failure, explain(out->failure));
  result.model = content(x.store());
  return result;
}

void take_messages(simulated_cluster& x,
                   const simulated_cluster::outcome_ptr& out, size_t count) {
  for (size_t i = 0; i < count && !out->ended; ++i)
    x.world.step();
}

/// Lets time pass until a job ends, for whoever tries again later.
void run_to_the_end(simulated_cluster& x,
                    const simulated_cluster::outcome_ptr& out) {
  for (int i = 0; i < 100 && !out->ended; ++i) {
    x.world.settle();
    if (!out->ended)
      x.world.advance(std::chrono::seconds{1});
  }
}

void kill(simulated_cluster& x, size_t node) {
  x.addresses->erase(fmt::format("node:{}", node + 1));
  caf::anon_send_exit(x.nodes[node], caf::exit_reason::kill);
}

bool tells(const simulated_cluster::outcome& out, const std::string& text) {
  return std::ranges::any_of(out.of(kind::notice), [&](auto& x) {
    return x.text.find(text) != std::string::npos;
  });
}

/// Kills nodes at moments drawn from a seed and compares what is left in the
/// end with what nobody disturbed.
void check_recovery(const network& net, uint64_t seed) {
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  auto job = small_job(net, dealt(net, 4, 3), 40,
                       static_cast<uint32_t>(1 + random() % 4),
                       random() % 2 ? 0.0f : 0.3f);
  job.how.store.every = random() % 3 == 0 ? 1 : 0;
  simulation how{.seed = seed, .nodes = static_cast<uint32_t>(2 + random() % 3)};
  auto expected = run_in_peace(job, how);
  simulated_cluster x{how};
  auto out = x.start_training(job);
  std::vector<size_t> alive(how.nodes);
  std::iota(alive.begin(), alive.end(), size_t{0});
  auto victims = 1 + random() % (how.nodes - 1);
  for (uint64_t i = 0; i < victims; ++i) {
    // The second may come while the first is being recovered from.
    take_messages(x, out,
                  random() % (i == 0 ? expected.messages : expected.messages / 8));
    auto which = random() % alive.size();
    kill(x, alive[which]);
    alive.erase(alive.begin() + static_cast<ptrdiff_t>(which));
  }
  run_to_the_end(x, out);
  REQUIRE_MESSAGE(!out->failure, explain(out->failure));
  REQUIRE(out->ended);
  CHECK(same_bytes(content(x.store()), expected.model));
}

} // namespace

TEST_CASE("whichever nodes die, whenever: the model is that of an undisturbed "
          "run") {
  for (uint64_t seed = 0; seed < 60; ++seed)
    check_recovery(language_model(), seed);
  for (uint64_t seed = 0; seed < 20; ++seed)
    check_recovery(recurrent_network(), seed);
}

TEST_CASE("what happens is told") {
  auto net = language_model();
  simulated_cluster x{{.nodes = 3}};
  auto out = x.start_training(small_job(net, dealt(net, 3, 1), 60));
  REQUIRE(x.world.settle_until(
      [&] { return out->of(kind::committed).size() >= 2; }));
  kill(x, 1);
  run_to_the_end(x, out);
  REQUIRE(out->ended);
  CHECK(!out->failure);
  CHECK(tells(*out, "node node:2 is lost; going back to step 20"));
  CHECK(tells(*out, "its groups are on 2 nodes now; going on at step 20"));
}

TEST_CASE("the last node to die ends the run and says how to go on") {
  auto net = language_model();
  simulated_cluster x{{.nodes = 2}};
  auto out = x.start_training(small_job(net, dealt(net, 2, 1), 60));
  REQUIRE(x.world.settle_until(
      [&] { return out->of(kind::committed).size() >= 2; }));
  kill(x, 0);
  kill(x, 1);
  run_to_the_end(x, out);
  REQUIRE(out->ended);
  CHECK(code_of(out->failure) == ec::node_lost);
  auto why = explain(out->failure);
  CHECK(why.find("no other is left") != std::string::npos);
  CHECK(why.find("--resume") != std::string::npos);
  auto newest = x.store().open(choice::newest);
  REQUIRE(newest);
  CHECK(x.store().verify(*newest, [](uint64_t) {})->empty());
}

TEST_CASE("a node that joined without groups takes those of one that died") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 2, 1), 40);
  auto expected = run_in_peace(job, {.nodes = 2});
  simulated_cluster x{{.nodes = 2, .spares = 1}};
  auto out = x.start_training(job);
  auto answer = x.world.ask<std::string>(x.trainer, command_atom::value,
                                         std::string{"join node:3"});
  REQUIRE(x.world.settle_until([&] { return answer.is_there(); }));
  kill(x, 0);
  run_to_the_end(x, out);
  REQUIRE(out->ended);
  CHECK(!out->failure);
  CHECK(same_bytes(content(x.store()), expected.model));
  CHECK(state_of<trainer_state>(x.trainer).network->reports[1].groups > 0);
}

TEST_CASE("two nodes that lose each other cost one of them its groups") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 3, 1), 40);
  auto expected = run_in_peace(job, {.nodes = 3});
  simulated_cluster x{{.nodes = 3}};
  auto out = x.start_training(job);
  REQUIRE(x.world.settle_until(
      [&] { return out->of(kind::step).size() >= 15; }));
  auto epoch = x.deployed->job->epoch;
  driver_actor trainer{x.trainer};
  caf::anon_send(trainer, lost_atom::value, epoch, node_index{2});
  caf::anon_send(trainer, lost_atom::value, epoch, node_index{1});
  run_to_the_end(x, out);
  REQUIRE(out->ended);
  CHECK(!out->failure);
  CHECK(same_bytes(content(x.store()), expected.model));
  CHECK(state_of<trainer_state>(x.trainer).network->cluster.members.size() == 2);
}

TEST_CASE("what a lost node says later moves nothing") {
  auto net = language_model();
  auto job = small_job(net, dealt(net, 3, 1), 40);
  simulated_cluster x{{.nodes = 3}};
  auto out = x.start_training(job);
  REQUIRE(x.world.settle_until(
      [&] { return out->of(kind::committed).size() >= 1; }));
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
  CHECK(out->ended);
  CHECK(!out->failure);
}
