#include "support/process.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

using namespace nnactor::test;

namespace {

uint64_t resident_kb(pid_t id) {
  std::ifstream in{"/proc/" + std::to_string(id) + "/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmRSS:"))
      return std::stoull(line.substr(6));
  return 0;
}

} // namespace

TEST_CASE("a node that is stopped for 10 s fills nobody's memory") {
  scratch folder;
  auto words = [&](const std::string& model) {
    return std::vector<std::string>{"run",
                                    small_config(folder),
                                    "--json",
                                    "--set",
                                    "train.steps=400",
                                    "--set",
                                    "cluster.lease_ms=0",
                                    "--set",
                                    "store.path=" + model};
  };
  REQUIRE(run_nnactor(words(folder / "models/still")).status == 0);
  process run{command(words(folder / "models/song"))};
  run.line_with("\"committed\"");
  auto nodes = children_of(run.id());
  REQUIRE(nodes.size() == 3);
  auto before = std::pair{resident_kb(run.id()), resident_kb(nodes[0])};
  kill(nodes[1], SIGSTOP);
  // The only thing to wait for is time itself: nothing may happen.
  std::this_thread::sleep_for(std::chrono::seconds{10});
  // The window is four micro-batches of 8 examples: less than a megabyte.
  constexpr uint64_t window_kb = 1024;
  CHECK(resident_kb(run.id()) <= before.first * 11 / 10 + window_kb);
  CHECK(resident_kb(nodes[0]) <= before.second * 11 / 10 + window_kb);
  kill(nodes[1], SIGCONT);
  auto end = run.finish();
  INFO(end.err);
  CHECK(end.status == 0);
  CHECK(content_of(folder / "models/song")
        == content_of(folder / "models/still"));
}
