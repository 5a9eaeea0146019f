#include "support/process.hpp"

#include <doctest/doctest.h>

#include <boost/filesystem.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

using namespace nnactor::test;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr auto longest_end = std::chrono::seconds{5};

/// From NNACTOR_STOP_ROUNDS.
int rounds() {
  const auto* text = std::getenv("NNACTOR_STOP_ROUNDS");
  return text == nullptr ? 10 : std::atoi(text);
}

std::vector<std::string> node_words(const scratch& folder,
                                    const std::string& state) {
  return command({"node", "--listen", "127.0.0.1:0", "--store",
                  folder / "models", "--state", folder / state});
}

/// Tells a node to end and returns how it did.
outcome stop(process& node) {
  node.send(SIGTERM);
  auto begin = clock_type::now();
  REQUIRE(await_end(node.id()));
  CHECK(clock_type::now() - begin < longest_end);
  return node.finish();
}

/// Nobody else opens a file without our being told first (SIGIO), and then has
/// to wait for as long as we hold it: a server of files that does not answer.
class held_file {
public:
  explicit held_file(const std::string& path)
      : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    REQUIRE(file_ >= 0);
    REQUIRE(fcntl(file_, F_SETLEASE, F_WRLCK) == 0);
  }

  held_file(const held_file&) = delete;
  held_file& operator=(const held_file&) = delete;

  ~held_file() {
    close(file_);
  }

private:
  int file_ = -1;
};

/// A node that waits for a file of its store, and who made it.
struct stuck_node {
  explicit stuck_node(const scratch& folder) : node(node_words(folder, "s")) {
    REQUIRE(
        run_nnactor({"run", small_config(folder), "--set", "cluster.nodes=1"})
            .status
        == 0);
    sigset_t asked;
    sigemptyset(&asked);
    sigaddset(&asked, SIGIO);
    REQUIRE(sigprocmask(SIG_BLOCK, &asked, nullptr) == 0);
    auto model = folder / "models/song";
    for (auto* generation : {"/000001", "/000002"})
      for (auto& x : boost::filesystem::directory_iterator{model + generation})
        held.push_back(std::make_unique<held_file>(x.path().string()));
    auto address = listens_at(node);
    driver.emplace(
        command({"infer", model, "--nodes", address, "--limit", "1"}));
    timespec patience{.tv_sec = 60, .tv_nsec = 0};
    REQUIRE(sigtimedwait(&asked, nullptr, &patience) == SIGIO);
  }

  process node;
  std::vector<std::unique_ptr<held_file>> held;
  std::optional<process> driver;
};

} // namespace

TEST_CASE("nodes end at SIGTERM, in a job, after one and before any") {
  scratch folder;
  auto config = small_config(folder);
  for (int i = 0; i < rounds(); ++i) {
    CAPTURE(i);
    process first{node_words(folder, "first")};
    process second{node_words(folder, "second")};
    process starting{node_words(folder, "starting")};
    auto nodes = listens_at(first) + "," + listens_at(second);
    auto in_job = i % 2 == 0;
    process run{
        command({"run", config, "--json", "--nodes", nodes, "--set",
                 in_job ? "train.steps=1000000" : "train.steps=40", "--set",
                 "store.path=" + folder / ("models/" + std::to_string(i))})};
    run.line_with(in_job ? "\"step\"" : "\"finished\"");
    first.send(SIGTERM);
    CHECK(stop(second).status == 0);
    CHECK(stop(first).status == 0);
    // Before it knows what to do at a signal, it just ends.
    auto early = stop(starting).status;
    CHECK((early == 0 || early == 128 + SIGTERM));
  }
}

TEST_CASE("a node ends at SIGTERM although its store does not answer") {
  scratch folder;
  stuck_node x{folder};
  auto end = stop(x.node);
  CHECK(end.status == 0);
  CHECK(end.err.find("the store " + (folder / "models")
                     + " did not end within 4 s")
        != std::string::npos);
}

TEST_CASE("a second signal ends a node at once") {
  scratch folder;
  stuck_node x{folder};
  x.node.send(SIGTERM);
  x.node.send(SIGINT);
  auto begin = clock_type::now();
  auto end = x.node.finish();
  CHECK(clock_type::now() - begin < std::chrono::seconds{2});
  CHECK(end.status == 0);
  CHECK(end.err.empty());
}
