#pragma once

#include "run/jobs.hpp"

#include <nlohmann/json.hpp>

namespace nnactor::test {

/// A job under way and a shell that talks to it.
struct live_job {
  live_job(const simulation& how, const prepared_job& what)
      : cluster(how), out(cluster.start_training(what)) {
    cluster.world.step();
  }

  answer<std::string> ask(const std::string& line) {
    return cluster.world.ask<std::string>(cluster.trainer, command_atom::value,
                                          line);
  }

  /// Asks and lets the job go on until there is an answer.
  nlohmann::json tell(const std::string& line) {
    auto said = ask(line);
    REQUIRE(cluster.world.settle_until([&] { return said.is_there(); }));
    REQUIRE_MESSAGE(!said.error(), explain(said.error()));
    return nlohmann::json::parse(said.value());
  }

  std::string refusal(const std::string& line) {
    auto said = ask(line);
    REQUIRE(cluster.world.settle_until([&] { return said.is_there(); }));
    REQUIRE(said.error());
    return explain(said.error());
  }

  /// Moves what may be there already, or goes with another one: then there is
  /// no answer.
  nlohmann::json move(const std::string& what) {
    auto said = ask("move " + what);
    REQUIRE(cluster.world.settle_until([&] { return said.is_there(); }));
    if (!said.error())
      return nlohmann::json::parse(said.value());
    auto why = explain(said.error());
    CHECK((mentions(why, "already") || mentions(why, "goes where")));
    return {};
  }

  /// Moves four groups drawn from a seed, at steps up to 33.
  void move_any_groups(uint64_t seed) {
    std::mt19937_64 random{seed};
    for (uint64_t step : {3, 10, 17, 31}) {
      run_to(step + random() % 3);
      auto& job = *cluster.deployed->job;
      auto group = 2 + random() % (job.graph.loss_group() - 1);
      auto node = 1 + random() % job.where.nodes;
      auto said = move(fmt::format("group {} to {}", group, node));
      auto is_moved = [&](auto& x) { return x["group"] == group; };
      CHECK((said.is_null() || std::ranges::any_of(said["moves"], is_moved)));
    }
  }

  void run_to(uint64_t step) {
    REQUIRE(cluster.world.settle_until([&] {
      return out->count(progress::kind::step) >= step || out->ended;
    }));
  }

  void run_to_end() {
    cluster.world.settle_until([&] { return out->ended; });
    REQUIRE_MESSAGE(!out->failure, explain(out->failure));
    cluster.world.settle();
  }

  digest model() {
    auto store = cluster.store();
    return *store.content_of(*store.open(choice::newest));
  }

  simulated_cluster cluster;
  simulated_cluster::outcome_ptr out;
};

/// What training leaves behind if nobody asks for anything.
inline digest undisturbed(const prepared_job& job, uint32_t nodes) {
  live_job x{{.nodes = nodes}, job};
  x.run_to_end();
  return x.model();
}

inline prepared_job language_job(uint64_t steps, uint32_t window = 1) {
  auto net = language_model();
  return small_job(net, dealt(net, 3, 1), steps, window);
}

} // namespace nnactor::test
