#include "support/process.hpp"
#include "support/text.hpp"

#include <doctest/doctest.h>

#include <boost/filesystem.hpp>
#include <csignal>

using namespace nnactor::test;

namespace {

constexpr int interrupted = 128 + SIGINT;
constexpr int terminated = 128 + SIGTERM;

std::vector<std::string> long_run(const scratch& folder,
                                  const std::vector<std::string>& more = {}) {
  std::vector<std::string> out{"run", small_config(folder), "--set",
                               "train.steps=400"};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

/// The line after "Go on with", for a shell.
std::string way_on(const std::string& out) {
  auto begin = out.find("\n  ", out.find(" with\n")) + 3;
  return out.substr(begin, out.find('\n', begin) - begin);
}

} // namespace

TEST_CASE("Ctrl-C saves the step and says how to go on, to the same bytes") {
  scratch folder;
  auto quiet = folder / "models/quiet";
  REQUIRE(run_nnactor(long_run(folder, {"--set", "store.path=" + quiet})).status
          == 0);
  process run{command(long_run(folder, {"--set", "store.every=400"}))};
  run.line_with("validation loss");
  run.line_with("%");
  auto nodes = children_of(run.id());
  REQUIRE(nodes.size() == 3);
  // A terminal sends it to everybody in the foreground.
  for (auto node : nodes)
    kill(node, SIGINT);
  run.send(SIGINT);
  auto end = run.finish();
  INFO(end.out << end.err);
  CHECK(end.status == interrupted);
  CHECK(has(end.err, "SIGINT"));
  CHECK(has(end.out, "generation 1 of it is in " + (folder / "models/song")));
  for (auto node : nodes)
    CHECK(await_end(node));
  auto line = way_on(end.out);
  CAPTURE(line);
  CHECK(has(line, "--resume"));
  auto more = process{{"/bin/sh", "-c", line}}.finish();
  INFO(more.err);
  CHECK(more.status == 0);
  CHECK(content_of(folder / "models/song") == content_of(quiet));
}

TEST_CASE("a run that waits for a shell ends, too, with SIGTERM") {
  scratch folder;
  process run{command(long_run(folder, {"--paused", "--json"}))};
  run.line_with("\"placed\"");
  run.send(SIGTERM);
  auto end = run.finish();
  INFO(end.out << end.err);
  CHECK(end.status == terminated);
  CHECK(has(end.out, "\"stopped\""));
  CHECK(!has(end.out, "--resume"));
  // Nothing is there that the next run would have to ask about.
  CHECK(run_nnactor({"model", "info", folder / "models/song"}).status == 2);
}

TEST_CASE("before there is anything to save a signal ends the run at once") {
  scratch folder;
  process run{command(long_run(folder))};
  run.line_with("Starting 3 nodes");
  auto nodes = children_of(run.id());
  run.send(SIGINT);
  auto end = run.finish();
  INFO(end.out << end.err);
  CHECK(end.status == interrupted);
  for (auto node : nodes)
    CHECK(await_end(node));
}

TEST_CASE("the second signal ends a run that cannot end its step") {
  scratch folder;
  process run{command(long_run(folder, {"--json", "--set", "cluster.lease_ms=0",
                                        "--set", "train.steps=1000000"}))};
  run.line_with("\"committed\"");
  auto nodes = children_of(run.id());
  REQUIRE(nodes.size() == 3);
  kill(nodes[1], SIGSTOP);
  // Where both wait, the one with the lower number is taken first.
  run.send(SIGINT);
  run.send(SIGTERM);
  auto end = run.finish();
  INFO(end.err);
  CHECK(end.status == terminated);
  CHECK(has(end.err, "once more"));
  CHECK(has(end.err, "--resume"));
  for (auto node : nodes)
    CHECK(await_end(node));
}

TEST_CASE("a command that writes a file leaves none when it is interrupted") {
  scratch folder;
  REQUIRE(run_nnactor({"run", small_config(folder)}).status == 0);
  // More lines than the pipe takes that nobody reads.
  process asked{command({"infer", folder / "models/song", "--training",
                         "--limit", "0", "--output", folder / "out"})};
  asked.line_with("answer");
  auto nodes = children_of(asked.id());
  asked.send(SIGINT);
  CHECK(await_end(asked.id()));
  for (auto node : nodes)
    CHECK(await_end(node));
  CHECK(asked.finish().status == interrupted);
  for (auto& x : boost::filesystem::directory_iterator{folder / ""})
    CHECK(!has(x.path().filename().string(), "out"));
}
