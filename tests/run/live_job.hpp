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
