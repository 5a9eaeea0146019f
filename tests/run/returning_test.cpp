#include "run/live_job.hpp"

using namespace nnactor;
using namespace nnactor::test;
using kind = progress::kind;

namespace {

/// A job that stands still, so that time can pass.
struct paused_job : live_job {
  explicit paused_job(const prepared_job& what, uint32_t nodes = 3,
                      uint64_t seed = 0)
      : live_job({.seed = seed, .nodes = nodes, .devices = 2}, what) {
    run_to(15);
    tell("pause");
  }

  nlohmann::json tell(const std::string& line) {
    auto said = live_job::tell(line);
    cluster.world.settle();
    return said;
  }

  void kill(size_t node) {
    cluster.kill(node);
    pass(1);
    CHECK(!serves(node));
  }

  /// Lets seconds go by.
  void pass(int seconds) {
    cluster.world.advance(std::chrono::seconds{seconds});
  }

  bool serves(size_t node) {
    auto& servers = job().servers;
    return std::ranges::find(servers, node + 1, &server::number)
           != servers.end();
  }

  const deployment& job() {
    return *state_of<trainer_state>(cluster.trainer).network->job;
  }

  /// Ends the job, undisturbed, and compares.
  void finish(const std::vector<parameter_set>& expected) {
    tell("resume");
    for (int i = 0; i < 100 && !out->ended; ++i)
      pass(1);
    REQUIRE(out->ended);
    REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    CHECK(same_bytes(content(cluster.store()), expected));
  }
};

prepared_job job_of_three() {
  auto net = language_model();
  return small_job(net, dealt(net, 3, 1), 40);
}

} // namespace

TEST_CASE("a node that answers again gets back what it had") {
  auto job = job_of_three();
  auto expected = train(job, {.nodes = 3}).model;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    CAPTURE(seed);
    paused_job x{job, 3, seed};
    auto before = x.job();
    auto which = seed % 3;
    x.kill(which);
    x.pass(60);
    CHECK(!x.serves(which));
    x.cluster.restart(which);
    x.pass(11);
    REQUIRE(x.serves(which));
    CHECK(x.job().where.seats == before.where.seats);
    for (size_t i = 0; i < before.servers.size(); ++i) {
      CHECK(x.job().servers[i].number == before.servers[i].number);
      CHECK(x.job().servers[i].address == before.servers[i].address);
    }
    CHECK(notices(*x.out,
                  fmt::format("node {0} (node:{0}) is back: moved ", which + 1))
          == 1);
    x.finish(expected);
  }
}

TEST_CASE(
    "a node that was only cut off does not go on from what it remembers") {
  auto job = job_of_three();
  paused_job x{job};
  caf::anon_send(driver_actor{x.cluster.trainer}, lost_atom::value,
                 x.job().epoch, node_index{1});
  x.pass(60);
  REQUIRE(x.serves(1));
  CHECK(notices(*x.out, "node 2 (node:2) is back: moved ") == 1);
  x.finish(train(job, {.nodes = 3}).model);
}

TEST_CASE("a return that is broken off leaves nothing old behind") {
  auto job = job_of_three();
  auto expected = train(job, {.nodes = 3}).model;
  for (uint64_t seed = 0; seed < 24; ++seed) {
    CAPTURE(seed);
    paused_job x{job, 3, seed};
    x.kill(1);
    x.cluster.restart(1);
    auto& newcomer = state_of<node_state>(x.cluster.nodes[1]);
    for (int second = 0; second < 20 && !newcomer.job; ++second) {
      x.cluster.world.tick(std::chrono::seconds{1});
      x.cluster.world.settle_until([&] { return newcomer.job.has_value(); });
    }
    REQUIRE(newcomer.job);
    // Another one goes before all have said that they are set up, and training
    // goes on without both.
    x.cluster.kill(2);
    x.pass(1);
    auto steps = x.out->count(kind::step);
    auto resumed = x.cluster.world.ask<std::string>(
        x.cluster.trainer, command_atom::value, std::string{"resume"});
    REQUIRE(x.cluster.world.settle_until(
        [&] { return x.out->count(kind::step) >= steps + 5; }));
    x.tell("pause");
    REQUIRE(!x.out->ended);
    x.pass(120);
    REQUIRE(x.serves(1));
    x.finish(expected);
  }
}

TEST_CASE("all come back to where they were, in whatever order they went") {
  auto job = job_of_three();
  paused_job x{job};
  auto before = x.job();
  x.kill(0);
  x.kill(2);
  x.cluster.restart(0);
  x.pass(11);
  x.cluster.restart(2);
  x.pass(11);
  CHECK(x.job().where.seats == before.where.seats);
  x.finish(train(job, {.nodes = 3}).model);
}

TEST_CASE("what people have moved meanwhile stays there") {
  auto job = job_of_three();
  paused_job x{job};
  auto& seats = x.job().where.seats;
  auto mine = static_cast<group_id>(
      std::ranges::find(seats, node_index{1}, &placement::seat::node)
      - seats.begin());
  x.kill(1);
  auto at = x.job().servers[x.job().where.seats[mine].node].number;
  auto to = at == 1 ? 3 : 1;
  x.tell(fmt::format("move group {} to {}", mine, to));
  x.cluster.restart(1);
  x.pass(11);
  REQUIRE(x.serves(1));
  CHECK(x.job().servers[x.job().where.seats[mine].node].number == to);
  x.finish(train(job, {.nodes = 3}).model);
}

TEST_CASE("who was let go is not taken back, before or after it was lost") {
  auto job = job_of_three();
  paused_job x{job};
  x.tell("leave 1");
  x.cluster.kill(0);
  x.cluster.restart(0);
  x.kill(1);
  CHECK(x.tell("leave 2")["text"].get<std::string>().find(
            "will not be taken back")
        != std::string::npos);
  x.cluster.restart(1);
  x.pass(120);
  CHECK(!x.serves(0));
  CHECK(!x.serves(1));
  CHECK(x.tell("join node:2")["text"] == "node 2 (node:2) has joined");
  x.finish(train(job, {.nodes = 3}).model);
}

TEST_CASE("a node that comes and goes is let in ever rarer") {
  auto job = job_of_three();
  paused_job x{job};
  x.kill(1);
  x.cluster.restart(1);
  x.pass(3);
  REQUIRE(x.serves(1));
  x.kill(1);
  x.cluster.restart(1);
  x.pass(7);
  CHECK(!x.serves(1));
  x.pass(4);
  REQUIRE(x.serves(1));
  x.kill(1);
  x.cluster.restart(1);
  x.pass(16);
  CHECK(!x.serves(1));
  x.pass(4);
  CHECK(x.serves(1));
  x.finish(train(job, {.nodes = 3}).model);
}

TEST_CASE("a node that comes back to another store costs nothing") {
  auto job = job_of_three();
  paused_job x{job};
  x.kill(1);
  x.cluster.restart(1, "elsewhere");
  x.pass(60);
  CHECK(!x.serves(1));
  CHECK(notices(*x.out, "start the node with --store on the shared folder")
        == 1);
  x.cluster.kill(1);
  x.cluster.restart(1);
  x.pass(100);
  CHECK(x.serves(1));
  x.finish(train(job, {.nodes = 3}).model);
}
